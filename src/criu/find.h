// SPDX-License-Identifier: Apache-2.0
//
// Where CRIU is, which version, and whether we may use it. Hosted code; runs `criu --version`.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/defs.h"

struct cr_err;

/* The oldest that works here; older ones know neither today's kernels nor `--unprivileged`. */
#define CR_CRIU_OLDEST 40000

/* By which users name one. */
#define CR_ENV_CRIU "CR_CRIU"

struct cr_criu {
	char path[CR_PATH_MAX];
	int version; /* 4.2.1 is 40201; 0: not known */
	bool unprivileged; /* we are not root: it must be called with --unprivileged */
	bool users; /* ordinary users may use it */
};

/*
 * The one in $CR_CRIU, if that is set; else the first of version 4 or newer of those that
 * contrib/get-criu installed (under the prefix of Cairn, the user's data folder, /opt/cairn) and in
 * PATH. 0, or with CR_EXIT_BACKEND -errno: -ENOENT none, -EPROTONOSUPPORT too old, -EPERM without
 * the privilege. What is known of it is in *out all the same, path "" if there is none.
 */
int cr_criu_find(struct cr_criu *out, struct cr_err *err);

/*
 * Runs argv (a path first), and reads what it says on both outputs, as much as fits; its wait
 * status, or -errno. For what ends soon.
 */
int cr_criu_run(char *const argv[], char *out, size_t len);
