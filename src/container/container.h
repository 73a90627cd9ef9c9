// SPDX-License-Identifier: Apache-2.0
//
// Containers as jobs: the backends podman and runc. Both are called by their commands and do all
// of the work; what differs between them is struct cr_runtime. Runs in the shepherd.
#pragma once

#include <json-c/json.h>
#include <sys/types.h>

#include "common/defs.h"
#include "image.pb.h"
#include "shepherd/stages.h"

struct cr_command;
struct cr_err;
struct cr_restart;
struct cr_shepherd;

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
	char save[CR_PATH_MAX + 8]; /* in it: what a checkpoint's command writes */
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

int cr_podman_probe(struct cr_err *err);
int cr_runc_probe(struct cr_err *err);
int cr_container_attach(struct cr_shepherd *sh, const char *name, struct cr_err *err);
extern const struct cr_stage cr_container_stages[];
void cr_container_kill(struct cr_shepherd *sh);
void cr_container_ended(struct cr_shepherd *sh);
