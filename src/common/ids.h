// SPDX-License-Identifier: Apache-2.0
//
// Ids of a job that was restarted without namespaces: processes and threads (and what else the
// kernel numbers) have new ids, the real ones, while the job goes on seeing those that it had, the
// virtual ones. The table is made once, by a restart, and never changes: it is a permutation, so
// that whatever is made later has a virtual id of its own without an entry, mostly its real one.
// Invariant: both arrays sorted by kind and id; an id without an entry is itself.
// Runs in: the shepherd, the processes being restored, the restorer, the agent. No libc.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/defs.h"

enum cr_id_kind {
	CR_ID_PROCESS, /* processes, threads, groups, sessions */
	CR_ID_SHM,
	CR_ID_SEM,
	CR_ID_MSG,
	CR_ID_PTS,
};

struct cr_id {
	uint32_t kind;
	int32_t id;
	int32_t other; /* while the table is made: 0 for a process that is not born yet */
};

#define CR_IDS_MAX 32768

struct cr_ids {
	uint32_t n;
	uint32_t nold;
	int64_t clock[2]; /* what is added to the kernel's monotonic and boot time */
	struct cr_id by_id[CR_IDS_MAX]; /* virtual -> real */
	struct cr_id by_real[CR_IDS_MAX]; /* real -> virtual */
	/*
	 * Thread ids that libc has written into locks in earlier lives of the job, and the real
	 * ones of the same threads now. No thread gets one of these again.
	 */
	struct cr_id old[CR_IDS_MAX];
};

static inline __attribute__((always_inline)) bool cr_id_before(const struct cr_id *a, uint32_t kind,
							       int32_t id)
{
	return a->kind < kind || (a->kind == kind && a->id < id);
}

/* The entry of an id, or NULL. */
static inline __attribute__((always_inline)) const struct cr_id *
cr_id_find(const struct cr_id *v, uint32_t n, uint32_t kind, int32_t id)
{
	uint32_t at = CR_FIRST_NOT(i, 0, n, cr_id_before(&v[i], kind, id));

	return at < n && v[at].kind == kind && v[at].id == id ? &v[at] : 0;
}

/* ids may be NULL: then every id is itself. */
static inline int32_t cr_id_real(const struct cr_ids *ids, uint32_t kind, int32_t id)
{
	const struct cr_id *e = ids ? cr_id_find(ids->by_id, ids->n, kind, id) : 0;

	return e ? e->other : id;
}

/* What a lock's word means: the real id of the thread that wrote it in an earlier life, or 0. */
static inline int32_t cr_id_now(const struct cr_ids *ids, int32_t old)
{
	const struct cr_id *e = cr_id_find(ids->old, ids->nold, CR_ID_PROCESS, old);

	return e ? e->other : 0;
}

/* Of one that is nobody's now but was somebody's once, what that one is seen as. */
static inline int32_t cr_id_virtual(const struct cr_ids *ids, uint32_t kind, int32_t real)
{
	const struct cr_id *e = ids ? cr_id_find(ids->by_real, ids->n, kind, real) : 0;
	int32_t now;

	if (e || !ids || kind != CR_ID_PROCESS || !(now = cr_id_now(ids, real)))
		return e ? e->other : real;
	e = cr_id_find(ids->by_real, ids->n, kind, now);
	return e ? e->other : now;
}

/* ---- making one: ids.c, hosted ---- */

/* First what is to come: virtual ids, and old ones of threads. -ENOSPC when they are too many. */
int cr_ids_expect(struct cr_ids *ids, uint32_t kind, int32_t id);
int cr_ids_expect_old(struct cr_ids *ids, int32_t old, int32_t id);
void cr_ids_sort(struct cr_ids *ids);

/* Then the real ids as they are born, from several processes at once; 0 while not known. */
void cr_ids_born(struct cr_ids *ids, uint32_t kind, int32_t id, int32_t real);

/* Of what else is made before there are processes: both at once. */
int cr_ids_add(struct cr_ids *ids, uint32_t kind, int32_t id, int32_t real);

/* A process that is gone again has left this real id in the kernel in place of id. */
int cr_ids_stand_in(struct cr_ids *ids, int32_t id, int32_t real);

/* No new process or thread may have this id: somebody's words mean another by it. */
static inline __attribute__((always_inline)) bool cr_ids_stale(const struct cr_ids *ids, int32_t id)
{
	return cr_id_find(ids->by_id, ids->n, CR_ID_PROCESS, id) ||
	       cr_id_find(ids->old, ids->nold, CR_ID_PROCESS, id);
}

/* At last: a permutation without what is itself. -ENOSPC when it does not fit. */
int cr_ids_settle(struct cr_ids *ids);

/* Removes the table that a restart has left for programs that its job executes. */
void cr_ids_forget(const char *name);
