// SPDX-License-Identifier: Apache-2.0
//
// crrsh's request to its node: a new member of its own job on another node.
#pragma once

struct cr_err;

/* A new member of our job on that node, which runs argv with these environment variables. */
int cr_rsh_start(const char *node, char *const *argv, char *const *env, struct cr_err *err);
