// SPDX-License-Identifier: Apache-2.0
//
// What saves a job and brings it back: a table of functions. The shepherd has timers, the control
// socket, the cluster's course, the image's folder and its commit; a backend has everything that
// depends on how the processes are stopped and read. All functions run in the shepherd (crlaunch,
// crctl attach, crrestart).
#pragma once

#include <stdbool.h>

#include "common/err.h"
#include "common/proc.h"

struct cr_shepherd;
struct cr_checkpoint;
struct cr_restart;

struct cr_backend {
	const char *name; /* in Job.backend of the image, and for --backend */
	/* Restarts happen in namespaces of their own, in which the saved ids are free. */
	bool capsule;
	/* Whether it can be used on this node; NULL: always. CR_EXIT_BACKEND says what lacks. */
	int (*probe)(struct cr_err *err);
	/*
	 * A checkpoint from the first signal on: the folder is there, c->writer is open. Records
	 * and contents go to c->writer, and c->manifest is filled in. While it goes on it returns;
	 * cr_checkpoint_commit() or cr_checkpoint_fail() has to be called from the loop later. On
	 * failure, returned or told, c->err is filled and release follows.
	 */
	int (*save)(struct cr_shepherd *sh, struct cr_checkpoint *c);
	/* The job goes on, if it does not yet, and what the save holds is freed. Once each. */
	void (*release)(struct cr_shepherd *sh, struct cr_checkpoint *c);
	/* crctl attach: takes what runs already; fills sh->root, sh->root_fd, sh->command. */
	int (*attach)(struct cr_shepherd *sh, const char *what, struct cr_err *err);
	/* Of an attached job, when its root has ended; NULL: that is the job's end. */
	void (*ended)(struct cr_shepherd *sh);
	/* Ends every process of the job, at once. */
	void (*kill)(struct cr_shepherd *sh);
	/* Every process of the job, in tree order, as sh->host_proc numbers them. */
	void (*pids)(struct cr_shepherd *sh, cr_pids *out);
	/* crrestart: everything that can be known before anything is made; changes nothing. */
	int (*check)(struct cr_restart *r, struct cr_err *err);
	/* Makes the job's processes, fills sh->root; they wait, if the backend can do that, for: */
	int (*restart)(struct cr_restart *r, struct cr_err *err);
	/* Lets them run; NULL: they do. On failure some may, and the caller ends them. */
	int (*go)(struct cr_restart *r, struct cr_err *err);
};

/* The row of a name, or NULL; the list of all, ending with one without a name. tools/backends.c */
const struct cr_backend *cr_backend_named(const char *name);
extern const struct cr_backend cr_backends[];
