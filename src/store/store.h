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
#include "common/err.h"
#include "common/piece.h"
#include "net/link.h"

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

/* Takes images of other nodes at that address; port 0: any. */
int cr_store_listen(struct cr_store *s, const struct sockaddr *at, socklen_t len,
		    struct cr_err *err);
unsigned int cr_store_port(const struct cr_store *s);

/*
 * STORE/NAME.JOB/MEMBER, made for that user if it is not there (as root; else uid must be ours).
 * CR_EXIT_PERMISSION: it is another user's. Its path is that of this member's checkpoints.
 */
int cr_store_folder(struct cr_store *s, uint64_t job, const char *name, uint32_t member,
		    uint32_t uid, uint32_t gid, char path[CR_PATH_MAX], struct cr_err *err);

/* All that is here, by holding(), then one with end set: soon, not before this returns. */
void cr_store_inventory(struct cr_store *s);

/* ---- shipping ---- */

/*
 * From now on that node is to have this image: also one that is being written or will be. number 0:
 * each one of the member from now on. A broken connection is made again and goes on where it was,
 * until the copy is complete, the image is dropped, or nothing has moved for a minute.
 */
void cr_store_ship(struct cr_store *s, const cairn_Ship *ship);
/* Stops what is shipped of this job (member, number; -1 and 0: all) to that node (NULL: all). */
void cr_store_unship(struct cr_store *s, uint64_t job, int64_t member, uint32_t number,
		     const char *node);

/*
 * The payload of Pieces, from a shepherd: an image of this folder is being written, and these runs
 * of it are. What is not told so is sent when it is complete. A payload that is none is ignored.
 */
void cr_store_pieces(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number,
		     const void *payload, size_t len);
/* MEMBER_WRITTEN: it is complete here. Told to holding() as COMPLETE. */
void cr_store_written(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
/* Its writing failed: there will be no such image; who has parts of it throws them away. */
void cr_store_given_up(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);

/* ---- keeping ---- */

/* Removes an image (number 0: all of the member, and its folder), what is on its way to us too. */
void cr_store_drop(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
/* Reads all of it; then COMPLETE or DAMAGED, by holding(). */
void cr_store_check(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);

/*
 * All checksums of a checkpoint, PATH being DIR/NNNNNN; whoever's it is. In the caller's thread.
 * CR_EXIT_DAMAGED, CR_EXIT_NOT_FOUND, CR_EXIT_FORMAT.
 */
int cr_store_verify(const char *path, struct cr_err *err);
