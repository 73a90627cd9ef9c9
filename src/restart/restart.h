// SPDX-License-Identifier: Apache-2.0
//
// A restart, from an opened image to a running job. Order: check.c says whether it can be done,
// sandbox.c makes the namespaces, tree.c the processes in them, layout.c and plan.c turn each into
// the saved one, restorer.c does the last part.
#pragma once

#include "objects/core/object.h"
#include "restart/births.h"

struct cr_err;
struct cr_ids;
struct cr_progress;
struct cr_restart_page;
struct cr_shepherd;

struct cr_environment; /* common/environment.h */

struct cr_restart {
	struct cr_shepherd *sh;
	struct cr_err *err; /* of the stages */
	struct cr_image img;
	struct cr_births births;
	struct cr_restore objects;
	struct cr_restart_page *page;
	struct cr_progress *progress; /* behind it, of each process in the image's order */
	cr_pids pids; /* of the job's processes, sorted */
	cr_pids taken; /* every id that the job uses, sorted */
	cr_pids sharers; /* whose children share their descriptors with them, sorted */
	size_t page_room; /* of the page and what follows it: */
	struct cr_ids *ids;
	struct cr_environment *environment;
	bool drop_caps; /* inside a user namespace of ours: the job had none */
	bool own_terminal; /* the job's session is the one that we were started in */
	bool member; /* of a cluster's job: nothing of it may outlive its shepherd */
	bool apart; /* this process is not the shepherd any more */
	bool bare; /* no sandbox after all: the backend cannot work in a user's */
};
