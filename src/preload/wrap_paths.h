// SPDX-License-Identifier: Apache-2.0
//
// Paths with ids in them.
#pragma once

/* The path of a program to execute, which may be /proc/self/exe. */
const char *agent_program(const char *path);
