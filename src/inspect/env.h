// SPDX-License-Identifier: Apache-2.0
//
// crimage env: the environment of a process.
#pragma once

struct cr_inspect;

int cr_inspect_env(struct cr_inspect *in);
