// SPDX-License-Identifier: Apache-2.0
//
// A command before it is run: which program it is, and which backend can save it. Hosted code;
// looks at files only.
#pragma once

#include <stdbool.h>

#include "common/backend_kind.h"
#include "common/defs.h"

struct cr_err;

struct cr_choice {
	enum cr_backend_kind backend; /* agent or criu */
	char path[CR_PATH_MAX]; /* the program; of a script, its interpreter */
	char why[512]; /* a clause: "PATH is linked dynamically" */
};

/* The file that a command is, by PATH if it has no slash; path has CR_PATH_MAX bytes. */
int cr_find_command(const char *command, char *path, struct cr_err *err);

/*
 * The agent wherever it can be loaded, since it needs no privilege; else CRIU. 0, or -errno with
 * CR_EXIT_NO_COMMAND or CR_EXIT_CANNOT_RUN.
 */
int cr_choose(const char *command, struct cr_choice *out, struct cr_err *err);
