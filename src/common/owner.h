// SPDX-License-Identifier: Apache-2.0
//
// Who writes checkpoints into a job's folder: one at a time. A lock on a file in it, held by the
// shepherd and its guards for as long as one of them lives, and in that file a record by which
// whoever is refused can say who it is and reach it. Hosted code.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/defs.h"
#include "common/proc.h"

struct cr_err;

#define CR_OWNER_FILE ".owner"
#define CR_OWNER_MARK 96

struct cr_owner {
	char host[65], boot[40];
	char job[CR_NAME_MAX + 1];
	pid_t pid; /* what the user started; 0: nobody, the last one has ended in order */
	uint64_t start; /* when that began, in the kernel's ticks */
	char socket[CR_PATH_MAX]; /* in its runtime directory; "" before it listens */
	char mark[CR_OWNER_MARK]; /* in the environment of the job's processes; "" for none */
	char born[CR_OWNER_MARK]; /* the same of programs from before a restart changed it */
	pid_t attached; /* root of a job that was attached, which nothing marks */
	uint64_t attached_start;
};

/*
 * Becomes the owner of the folder, which exists: the descriptor that holds the lock, or -errno with
 * CR_EXIT_EXISTS if there is another, or if processes of the last one are left without a shepherd.
 * self, zeroed but for what is attached, gets all but the fields that are known later. A process
 * that is attached is taken over from a shepherd that is gone.
 */
int cr_owner_take(const char *directory, const char *job, struct cr_owner *self,
		  struct cr_err *err);

/*
 * If the folder was removed or put aside while the job runs, the one that is there now is owned as
 * well, as otherwise another shepherd could take the job from there. *fd is replaced.
 */
int cr_owner_renew(int *fd, const char *directory, const struct cr_owner *self, struct cr_err *err);

/* Writes the record anew. A failure costs others a hint only. */
void cr_owner_note(int fd, const struct cr_owner *self);

/* The job has ended in order: the folder is nobody's, whoever still has the descriptor. */
void cr_owner_leave(int fd, const char *directory);

/* Removes the record from a folder that nobody owns. */
void cr_owner_sweep(int directory);

/* What the record says, living or not; -ENOENT for none. */
int cr_owner_read(const char *directory, struct cr_owner *out);

/* Whoever owns the folder is about to let it go: a guard whose shepherd is gone, or a job's end. */
bool cr_owner_is_ending(const char *directory);

/* Whether it was written on this host since it was booted. */
bool cr_owner_is_here(const struct cr_owner *o);

/* What the user started lives. */
bool cr_owner_lives(const struct cr_owner *o);

/* Processes of the job that have no shepherd above them any more. */
void cr_owner_orphans(const struct cr_owner *o, cr_pids *out);

/* Ends those, and waits until they are gone; how many are not. */
size_t cr_owner_end_orphans(const struct cr_owner *o);

/* The abstract name at which the shepherd of a mark listens besides its runtime directory. */
void cr_owner_control(const char *mark, char *out, size_t len);
