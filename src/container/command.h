// SPDX-License-Identifier: Apache-2.0
//
// Running the runtimes' commands, and what they say when they fail.
#pragma once

#include <stddef.h>

#include "common/defs.h"

struct json_object;
struct cr_container;
struct cr_err;
struct cr_runtime;

/* A command line. Words are not copied, but those of cr_command_format() are. */
struct cr_command {
	char *v[64];
	size_t n;
	char *copies[16];
	size_t ncopies;
};

/* The runtime's program and the options for all calls, then words up to NULL. */
void cr_command_begin(struct cr_command *cmd, const struct cr_runtime *runtime, ...)
	__attribute__((sentinel));
void cr_command_add(struct cr_command *cmd, const char *word);
void cr_command_format(struct cr_command *cmd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cr_command_free(struct cr_command *cmd);

/*
 * Runs it and waits; fds as standard input and outputs, -1: /dev/null, or for the outputs the files
 * out and log in c->scratch. Its wait status, or -errno.
 */
int cr_command_run(struct cr_container *c, struct cr_command *cmd, const int fds[3]);

/* Opens c->scratch/name, emptied. */
int cr_scratch_open(const struct cr_container *c, const char *name);

/* The whole of c->scratch/name, as cr_slurp() has it. */
ssize_t cr_scratch_read(const struct cr_container *c, const char *name, char **out);

/* A folder, made anew; one below c->scratch, and its path. */
int cr_scratch_anew(const char *path, struct cr_err *err);
int cr_scratch_folder(const struct cr_container *c, const char *name, char out[CR_PATH_MAX],
		      struct cr_err *err);
void cr_scratch_remove(const char *path);

/* What the command that has failed says in c->scratch/log, as one line with the log's place. */
int cr_command_failed(struct cr_container *c, const char *doing, struct cr_err *err);

/* A string of an object, "" if there is none. */
const char *cr_json_get(struct json_object *o, const char *key);
