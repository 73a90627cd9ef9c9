// SPDX-License-Identifier: Apache-2.0
//
// When jobs leave a node that still lives: as --evacuate says. Pure.
#pragma once

#include <stdbool.h>

struct cr_err;

enum cr_evac_measure {
	CR_EVAC_CPU,
	CR_EVAC_MEMORY,
	CR_EVAC_DISK, /* how full the root's file system is */
	CR_EVAC_STORE, /* and the store's */
	CR_EVAC_IO, /* how busy the store's disk is */
	CR_EVAC_PSI_CPU,
	CR_EVAC_PSI_MEMORY,
	CR_EVAC_PSI_IO,
	CR_EVAC_LATENCY, /* of the daemon's own timers and heartbeats, seconds; else parts of one */
	CR_EVAC_MEASURES,
};

struct cr_evac_policy {
	struct {
		double limit; /* 0: not watched */
		double seconds; /* above it for longer */
	} of[CR_EVAC_MEASURES];
	double full_s; /* memory, disk or store will be full within this; 0: not watched */
	bool any; /* something is watched */
	double margin; /* so much below the limit where a job goes to, as a part of the limit */
	double cooldown_s; /* between two moves of a job */
	double window_s; /* that trends are seen in */
};

/* WHAT=LIMIT/TIME,...; margin and the like are the caller's. */
int cr_evac_parse(const char *text, struct cr_evac_policy *out, struct cr_err *err);
/* For a table of options. */
int cr_evac_check(const char *text, struct cr_err *err);
/* As in --evacuate: cpu, mem and so on. */
const char *cr_evac_word(enum cr_evac_measure m);
/* What a place for a job must not exceed, watched or not; INFINITY: anything will do. */
double cr_evac_place_limit(const struct cr_evac_policy *p, enum cr_evac_measure m);
