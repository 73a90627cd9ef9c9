// SPDX-License-Identifier: Apache-2.0
//
// What saves a job and brings it back: a table of functions. The shepherd has timers, the control
// socket, the cluster's course, the image's folder and its commit; a backend has everything that
// depends on how the processes are stopped and read. All functions run in the shepherd (crlaunch,
// crctl attach, crrestart).
#pragma once

#include <stdbool.h>

#include "common/backend_kind.h"
#include "common/err.h"
#include "common/proc.h"

struct cr_shepherd;
struct cr_stage;
struct cr_restart;

struct cr_backend {
	enum cr_backend_kind kind;
	const char *name; /* in Job.backend of the image */
	/* Restarts happen in namespaces of their own, in which the saved ids are free. */
	bool sandbox;
	/* Whether it can be used on this node; NULL: always. CR_EXIT_BACKEND says what lacks. */
	int (*probe)(struct cr_err *err);
	/*
	 * Of a checkpoint, between those that open the image and those that commit it: of is the
	 * struct cr_checkpoint, whose err is filled on failure. Records and contents go to its
	 * writer, and its manifest is filled in.
	 */
	const struct cr_stage *stages;
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
	/*
	 * Of a restart: of is the struct cr_restart, with err. They make the job's processes and
	 * fill sh->root; these wait, if the backend can do that, for:
	 */
	const struct cr_stage *restart;
	/* Lets them run; NULL: they do. On failure some may, and the caller ends them. */
	int (*go)(struct cr_restart *r, struct cr_err *err);
};
