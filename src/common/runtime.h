// SPDX-License-Identifier: Apache-2.0
//
// The runtime directory: of each running job of this user a socket, NAME.sock, and from its
// first moment on NAME.job, which says where its checkpoints are. Hosted code.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/defs.h"

struct cr_err;

/* CR_RUNTIME_DIR, else $XDG_RUNTIME_DIR/cairn, else /tmp/cairn-UID; made 0700 if need be. */
int cr_runtime_dir(char out[CR_PATH_MAX], struct cr_err *err);

/* Whether a name can be a job's: letters, digits and ._+- only, at most CR_NAME_MAX. */
int cr_name_check(const char *name, struct cr_err *err);

/* The job's name for a command: its last path component, other characters replaced by _. */
void cr_name_from(const char *command, char *out, size_t len);

/* Connects to a job's socket. CR_EXIT_NOT_FOUND when none is running under that name. */
int cr_runtime_connect(const char *name, struct cr_err *err);

/*
 * The same, but waits for a job that is being started: one that has announced itself until it
 * listens, and any other for a second, as its crlaunch may be about to.
 */
int cr_runtime_await(const char *name, struct cr_err *err);

/* Connects to a socket by its path, however long; waits for ms at most. -errno. */
int cr_socket_connect(const char *path, int ms);

/*
 * Says that a job of the name is being started, until the descriptor is closed by all who have it;
 * directory is where its checkpoints go. CR_EXIT_EXISTS if there is one already.
 */
int cr_runtime_announce(const char *name, const char *directory, struct cr_err *err);

/* Whether a job of the name runs; not one that was killed a moment ago. */
bool cr_runtime_is_running(const char *name);

/* Somebody has announced a job of the name, and lives. */
bool cr_runtime_announced(const char *name);

/* Where a job that has announced itself has its checkpoints, living or not; false: not known. */
bool cr_runtime_directory(const char *name, char out[CR_PATH_MAX]);

/* Takes back what has been announced, and the socket. */
void cr_runtime_leave(const char *name, int announced, const char *socket_path);

/* Listens as that job. CR_EXIT_EXISTS when one is running under that name. path is filled. */
int cr_runtime_listen(const char *name, char path[CR_PATH_MAX], struct cr_err *err);
