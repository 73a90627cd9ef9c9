// SPDX-License-Identifier: Apache-2.0
//
// How crctl gets to the shepherd of a job on this host: by the job's name in the runtime directory,
// or by its folder, whichever runtime directory it has been started with. Nothing here waits for
// ever.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/proc.h"
#include "control.pb.h"

struct cr_err;
struct cr_owner;
struct cr_wire;

struct cr_reached {
	int fd;
	pid_t shepherd;
	int pidfd; /* of the shepherd */
	/* May be NULL: called four times a second while an answer is waited for. */
	void (*turn)(void *arg);
	void *arg;
};

/* Connects; a job that is just starting is waited for. */
int cr_reach(const char *job, struct cr_reached *to, struct cr_err *err);

/* As that, but by the path of a socket, and it has to be there within ms. */
int cr_reach_socket(const char *path, int ms, struct cr_reached *to);

void cr_reach_close(struct cr_reached *to);

/*
 * One reply, within ms unless that is negative. A shepherd that is stopped is run on; if it stays
 * so, -ETIMEDOUT as well. 1, or as cr_wire_recv().
 */
int cr_reach_hear(const struct cr_reached *to, struct cr_wire *wire, cairn_ControlReply *reply,
		  int ms);

/* Why there was none, in a word: stopped, hanging (in the kernel), busy. */
const char *cr_reach_state(const struct cr_reached *to);

/* What is left of a job, by name or folder, whose shepherd is gone; false if nothing is. */
bool cr_left_over(const char *job, struct cr_owner *owner, cr_pids *orphans);

/* Waits until the shepherd has ended, for ms at most. */
bool cr_reach_await_end(const struct cr_reached *to, int ms);
