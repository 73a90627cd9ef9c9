// SPDX-License-Identifier: Apache-2.0
//
// Containers as jobs: the backends podman and runc. Both are called by their commands and do all
// of the work; what differs between them is struct cr_runtime. Runs in the shepherd.
#pragma once

#include <json-c/json.h>

#include "container/backend.h"
#include "restart/restart.h"
#include "shepherd/shepherd.h"

/* A command line. Words are not copied, but those of cr_command_format() are. */
struct cr_command {
	char *v[64];
	size_t n;
	char *copies[16];
	size_t ncopies;
};

struct cr_container {
	const struct cr_runtime *runtime;
	cairn_Container is;
	bool exists, running;
	char state[32]; /* in the runtime's word */
	pid_t pid; /* of its init, while it runs */
	char oci[256]; /* the runtime below podman */
	char as[CR_NAME_MAX + 1]; /* restart: a new name for it */
	bool tcp; /* connections are kept */
	char scratch[CR_PATH_MAX]; /* folder of ours, DIR/NAME/.container */
	bool stopping; /* in a checkpoint that is to end it */
	bool gone; /* its init has ended meanwhile */
	int stdio[3]; /* of one that is to be ended, should it go on: runc; else -1 */
	unsigned int relays; /* of its output, that have not ended */
	bool ended;
};

struct cr_runtime {
	const char *name; /* backend, program and Debian's package */
	const char *environment; /* the command with options for all calls, as "podman --root /x" */
	/* What the runtime knows of a container; exists is false if it does not know it. */
	int (*look)(struct cr_container *c, const char *name, struct cr_err *err);
	/* Why it cannot be saved, if that is known. */
	int (*fits)(struct cr_container *c, struct cr_err *err);
	/* The words that save it into the folder dir. */
	void (*save)(struct cr_container *c, const char *dir, struct cr_command *cmd);
	/* What else a restart needs, into dir. */
	int (*add)(struct cr_container *c, const char *dir, struct cr_err *err);
	/* Nanoseconds that it stood still, from what the command printed; 0: not known. */
	int64_t (*stall)(const char *out);
	/* Whether what a restart needs is on this node. */
	int (*check)(struct cr_container *c, struct cr_restart *r, struct cr_err *err);
	/* Removes the container, which does not run. */
	void (*remove)(struct cr_container *c, struct cr_command *cmd);
	/* Starts it from dir, as a new container. */
	int (*restore)(struct cr_container *c, struct cr_shepherd *sh, const char *dir,
		       struct cr_err *err);
	/* The same when it was to be ended just now, and goes on as the one that it was. */
	int (*again)(struct cr_container *c, struct cr_shepherd *sh, const char *dir,
		     struct cr_err *err);
	/* Of one that has ended; -1: not known. NULL: never. */
	int (*exit_code)(struct cr_container *c);
};

extern const struct cr_runtime cr_podman, cr_runc;

/* ---- command.c ---- */
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

/* A folder below c->scratch, made anew; its path. */
int cr_scratch_folder(const struct cr_container *c, const char *name, char out[CR_PATH_MAX],
		      struct cr_err *err);
void cr_scratch_remove(const char *path);

/* What the command that has failed says in c->scratch/log, as one line with the log's place. */
int cr_command_failed(struct cr_container *c, const char *doing, struct cr_err *err);

/* A string of an object, "" if there is none. */
const char *cr_json_get(struct json_object *o, const char *key);

/* ---- container.c ---- */
/* Of sh->backend; becomes sh->backend_state. NULL with *err filled. */
struct cr_container *cr_container_new(struct cr_shepherd *sh, struct cr_err *err);
/* Makes its scratch folder, as soon as sh->directory is known. */
int cr_container_place(struct cr_shepherd *sh, struct cr_container *c, struct cr_err *err);
/* Fills what the shepherd knows of its root. It must run. */
int cr_container_take(struct cr_shepherd *sh, struct cr_container *c, const char *name,
		      struct cr_err *err);
/* Copies what the container writes to a descriptor of ours, until nobody can write any more. */
int cr_container_relay(struct cr_shepherd *sh, struct cr_container *c, int from, int to,
		       struct cr_err *err);
