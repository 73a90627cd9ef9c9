// SPDX-License-Identifier: Apache-2.0
//
// Which job leaves which node before that fails, and where it goes. Pure logic: the caller measures
// and moves (prevention.c).
//
// Against moving back and forth: a job that has been moved is left alone for the policy's cooldown;
// a node that jobs had to leave takes none for as long; and where one goes must stay below the
// limits by a margin with the job's load added, and what else is on its way there.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/evacuate_policy.h"
#include "coordinator/trend.h"

enum cr_evac_room { CR_EVAC_ROOM_MEMORY, CR_EVAC_ROOM_DISK, CR_EVAC_ROOM_STORE, CR_EVAC_ROOMS };

/* What is remembered of a node between two looks; all zeros at first. Milliseconds. */
struct cr_evac_watch {
	int64_t above[CR_EVAC_MEASURES]; /* since when, 0: it is not */
	int64_t below[CR_EVAC_MEASURES]; /* a dip, since when */
	int64_t filling; /* since when the trend has said that there is little time */
	int64_t left_ms; /* when a job left it last, 0: never */
};

struct cr_evac_node {
	const char *name;
	bool takes; /* new members may come */
	double value[CR_EVAC_MEASURES]; /* NAN: not known */
	double cpus, memory_bytes, store_bytes; /* that it has */
	struct cr_trend_left left[CR_EVAC_ROOMS];
	/* Of what goes there, and is not in its values yet. */
	double coming_cpus, coming_memory, coming_store;
	struct cr_evac_watch *watch;
};

/* A member on a node. */
struct cr_evac_job {
	const char *name;
	size_t node;
	unsigned int members; /* of its job: all stand still for it */
	double image_bytes, memory_bytes, cpus;
	double checkpoint_age_s; /* INFINITY: none yet */
	double wall_s; /* that a checkpoint takes */
	double moved_s; /* ago; INFINITY: never */
	const char *busy; /* why it cannot be moved now, or NULL */
};

struct cr_evac_cluster {
	const struct cr_evac_policy *policy;
	struct cr_evac_node *nodes;
	size_t n_nodes;
	const struct cr_evac_job *jobs;
	size_t n_jobs;
	/* Whether the job may run there at all; whether its newest image is there. */
	bool (*fits)(const void *arg, size_t job, size_t node);
	bool (*has_image)(const void *arg, size_t job, size_t node);
	const void *arg;
};

#define CR_EVAC_WHY 400

struct cr_evac_reason {
	enum cr_evac_measure measure;
	bool trend; /* room is running out, */
	enum cr_evac_room room; /* this one */
	char text[160]; /* with its numbers */
};

/* Each second. */
void cr_evac_look(const struct cr_evac_cluster *c, size_t node, int64_t now_ms);
/* Whether it may become due: then the jobs have to be known. */
bool cr_evac_troubled(const struct cr_evac_cluster *c, size_t node);
/* Whether a job should leave the node now. */
bool cr_evac_due(const struct cr_evac_cluster *c, size_t node, int64_t now_ms,
		 struct cr_evac_reason *why);
/* What is above a limit or running out, though not for long enough yet: for people. "": nothing. */
void cr_evac_tell(const struct cr_evac_cluster *c, size_t node, int64_t now_ms, char *out,
		  size_t size);
/* Which job goes where, with all numbers; false: none can, and why says why. */
bool cr_evac_choose(const struct cr_evac_cluster *c, size_t node, int64_t now_ms,
		    const struct cr_evac_reason *reason, size_t *job, size_t *target,
		    char why[CR_EVAC_WHY]);
/* A job leaves, or would: what has been seen until now counts no more. */
void cr_evac_left(struct cr_evac_watch *w, int64_t now_ms);
