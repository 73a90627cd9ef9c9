// SPDX-License-Identifier: Apache-2.0
//
// Where images lie on a node, and how they get to other nodes. STORE/NAME.JOBID/MEMBER/NNNNNN is
// an ordinary checkpoint (doc/IMAGE.md), an original as well as a copy; STORE/store.id says which
// store it is, so that two nodes with one shared directory know it. What is being received lies in
// .NNNNNN.part beside the others until it is complete, verified and on the disk. The store deletes
// nothing complete by itself: only cr_store_drop() does.
//
// All functions are called from the thread of the event loop and return at once: what takes longer
// (reading, sending, syncing, deleting) is done by threads of the store's own, and told by
// holding(), in the loop. The process must be ready for that: between fork() and exec() only what
// signal handlers may do. As root, each thread works with the rights of the image's owner, so that
// links which a user plants lead nowhere.
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "cluster.pb.h"
#include "common/defs.h"

struct cr_trust;
struct event_base;

struct cr_err;

struct cr_store;

struct cr_store_options {
	struct event_base *base;
	const char *path; /* made if it is not there; as root with mode 0711 */
	const char *node; /* our name, for others' messages */
	const struct cr_trust *trust; /* must outlive the store; NULL: nothing comes or goes */
	uint64_t rate; /* bytes per second of all that is sent, 0: no limit */
	uint64_t scrub; /* bytes per second that are read to find damage, 0: none are */
	/*
	 * What the store has of an image has changed, or something went wrong with it: ready to go
	 * to the coordinator. COMPLETE: here, durable. WRITING: a copy comes in. GONE: dropped, or
	 * given up (then error says why: a full disk). DAMAGED: error says what. With COMPLETE an
	 * error tells why it could not be shipped to another node.
	 */
	void (*holding)(const cairn_Holding *h, void *arg);
	void *arg;
};

/* CR_EXIT_IO, CR_EXIT_PERMISSION: the directory cannot be used. Removes what crashes have left. */
int cr_store_open(struct cr_store **out, const struct cr_store_options *o, struct cr_err *err);
/* Breaks transfers off (they go on where they were at the next start) and waits for all threads. */
void cr_store_close(struct cr_store *s);

uint64_t cr_store_id(const struct cr_store *s);
const char *cr_store_path(const struct cr_store *s); /* absolute */
/* Bytes of the file system that are there, and that are left. */
void cr_store_room(const struct cr_store *s, uint64_t *total, uint64_t *available);

/*
 * STORE/NAME.JOB/MEMBER, made for that user if it is not there (as root; else uid must be ours).
 * CR_EXIT_PERMISSION: it is another user's. Its path is that of this member's checkpoints.
 */
int cr_store_folder(struct cr_store *s, uint64_t job, const char *name, uint32_t member,
		    uint32_t uid, uint32_t gid, char path[CR_PATH_MAX], struct cr_err *err);
