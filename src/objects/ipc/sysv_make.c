// SPDX-License-Identifier: Apache-2.0
//
// Making SysV objects under their saved ids. A kernel that lets us says which id is next
// (/proc/sys/kernel/*_next_id); in a user's own namespace those before 5.19 do not. They count: an
// id is a place among the objects and, above its lowest 15 bits, how often all places have been
// gone through. So objects are made in the order of their ids, and others made and removed in
// between until the id comes. The namespace is the job's own and new.
// Runs in: the shepherd. On failure: the object is named, and what has been made goes with the
// namespace.
#include "objects/ipc/sysv_make.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "objects/ipc/ipc.h"

#define PLACE_BITS 15
#define FEW 42 /* with so many others there, most places of a round are taken */

static int make_dummy(char kind)
{
	return kind == 'h' ? shmget(IPC_PRIVATE, CR_PAGE, 0600) :
	       kind == 'e' ? semget(IPC_PRIVATE, 1, 0600) :
			     msgget(IPC_PRIVATE, 0600);
}

static void sysv_make_drop(char kind, int id)
{
	if (kind == 'h')
		shmctl(id, IPC_RMID, NULL);
	else if (kind == 'e')
		semctl(id, 0, IPC_RMID);
	else
		msgctl(id, IPC_RMID, NULL);
}

static int round_of(int id)
{
	return id >> PLACE_BITS;
}

static int place_of(int id)
{
	return id & ((1 << PLACE_BITS) - 1);
}

static bool sysv_make_is_wanted(const struct cr_ipc_list *l, int place)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->id(l->img, i) >= 0 && place_of(l->id(l->img, i)) == place)
			return true;
	return false;
}

/*
 * How high places go depends on how many objects there are: others stand in for those that were
 * there, on places that nobody wants. They also shorten the rounds.
 */
static int hold_places(struct cr_restore *r, const struct cr_ipc_list *l)
{
	int need = FEW, tries, id;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->id(l->img, i) >= 0 && place_of(l->id(l->img, i)) * 2 / 3 + 2 > need)
			need = place_of(l->id(l->img, i)) * 2 / 3 + 2;
	for (tries = need * 4; need > 0 && tries > 0; tries--) {
		struct cr_ipc_id *to = cr_list_add(&r->ipc_held);

		id = to ? make_dummy(l->kind[1]) : -1;
		if (id < 0 || sysv_make_is_wanted(l, place_of(id))) {
			if (to)
				r->ipc_held.n--;
			if (id < 0)
				return to ? -errno : -ENOMEM;
			sysv_make_drop(l->kind[1], id);
			continue;
		}
		*to = (struct cr_ipc_id){ l->kind[1], id, id };
		need--;
	}
	return 0;
}

/* After an object that got another id: on to the round before that of the one that is wanted. */
static int count_up(struct cr_restore *r, const struct cr_ipc_list *l, int last, int wanted)
{
	int ret = 0;

	if (last > wanted)
		return -ERANGE;
	if (round_of(last) + 1 < round_of(wanted) && !r->ipc_held.n)
		ret = hold_places(r, l);
	while (!ret && round_of(last) + 1 < round_of(wanted)) {
		last = make_dummy(l->kind[1]);
		if (last < 0)
			return -errno;
		sysv_make_drop(l->kind[1], last);
	}
	return ret;
}

struct making {
	int (*make)(const void *what);
	const void *what;
	int *id; /* seen by us, whoever makes it */
};

static int sysv_make_one(void *arg)
{
	struct making *k = arg;

	*k->id = k->make(k->what);
	return *k->id < 0 ? -errno : 0;
}

int cr_ipc_make(struct cr_restore *r, const struct cr_ipc_list *l, const cairn_IpcObject *o,
		pid_t maker, int (*make)(const void *what), const void *what, struct cr_err *err)
{
	struct making k = { make, what, mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS, -1, 0) };
	bool told;
	int ret, id;

	if (k.id == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "SysV IPC");
	told = cr_ipc_next_id(r, l->kind, o);
	do {
		ret = cr_ipc_as(r, maker, o->cuid, o->cgid, sysv_make_one, &k);
		if (ret || told || *k.id == o->id)
			break;
		sysv_make_drop(l->kind[1], *k.id);
		ret = count_up(r, l, *k.id, o->id);
	} while (!ret);
	id = ret ? -1 : *k.id;
	munmap(k.id, sizeof(int));
	errno = -ret;
	ret = cr_ipc_made(r, l->kind, o, id, err);
	return ret ? ret : id;
}

int cr_ipc_each(struct cr_restore *r, const struct cr_ipc_list *l,
		int (*one)(struct cr_restore *r, const struct cr_ipc_list *l, size_t i,
			   struct cr_err *err),
		struct cr_err *err)
{
	int64_t last = -1, id, best;
	int ret = 0;
	size_t i, at;

	while (!ret) {
		for (i = 0, at = l->n, best = 0; i < l->n; i++) {
			id = l->id(l->img, i);
			if (id > last && (at == l->n || id < best)) {
				best = id;
				at = i;
			}
		}
		if (at == l->n)
			break;
		last = best;
		ret = one(r, l, at, err);
	}
	while (r->ipc_held.n)
		sysv_make_drop(l->kind[1], r->ipc_held.v[--r->ipc_held.n].now);
	return ret;
}
