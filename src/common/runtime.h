// SPDX-License-Identifier: Apache-2.0
//
// The runtime directory: one socket per running job of this user, NAME.sock. Hosted code.
#pragma once

#include <stddef.h>

#include "common/defs.h"
#include "common/err.h"

/* CR_RUNTIME_DIR, else $XDG_RUNTIME_DIR/cairn, else /tmp/cairn-UID; made 0700 if need be. */
int cr_runtime_dir(char out[CR_PATH_MAX], struct cr_err *err);

/* Whether a name can be a job's: letters, digits and ._+- only, at most CR_NAME_MAX. */
int cr_name_check(const char *name, struct cr_err *err);

/* The job's name for a command: its last path component, other characters replaced by _. */
void cr_name_from(const char *command, char *out, size_t len);

/* Connects to a job's socket. CR_EXIT_NOT_FOUND when none is running under that name. */
int cr_runtime_connect(const char *name, struct cr_err *err);

/* Listens as that job. CR_EXIT_EXISTS when one is running under that name. path is filled. */
int cr_runtime_listen(const char *name, char path[CR_PATH_MAX], struct cr_err *err);
