// SPDX-License-Identifier: Apache-2.0
//
// Making the table of ids, by a restart. Hosted code.
#include "common/ids.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/agent_config.h"
#include "common/defs.h"

static int ids_compare(const void *a, const void *b)
{
	const struct cr_id *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void ids_sort(struct cr_id *v, uint32_t *n)
{
	uint32_t i, k = 0;

	qsort(v, *n, sizeof(*v), ids_compare);
	for (i = 0; i < *n; i++)
		if (!k || ids_compare(&v[i], &v[k - 1]))
			v[k++] = v[i];
	*n = k;
}

int cr_ids_expect(struct cr_ids *ids, uint32_t kind, int32_t id)
{
	if (id <= 0)
		return 0;
	/* A permutation may need twice as many. */
	if (ids->n == CR_IDS_MAX / 2)
		cr_ids_sort(ids);
	if (ids->n == CR_IDS_MAX / 2)
		return -ENOSPC;
	ids->by_id[ids->n++] = (struct cr_id){ kind, id, 0 };
	return 0;
}

int cr_ids_expect_old(struct cr_ids *ids, int32_t old, int32_t id)
{
	if (old <= 0)
		return 0;
	if (ids->nold == CR_IDS_MAX)
		return -ENOSPC;
	ids->old[ids->nold++] = (struct cr_id){ CR_ID_PROCESS, old, id };
	return 0;
}

void cr_ids_sort(struct cr_ids *ids)
{
	ids_sort(ids->by_id, &ids->n);
	ids_sort(ids->old, &ids->nold);
}

void cr_ids_born(struct cr_ids *ids, uint32_t kind, int32_t id, int32_t real)
{
	struct cr_id *e = (struct cr_id *)cr_id_find(ids->by_id, ids->n, kind, id);
	int32_t none = 0;

	if (e)
		__atomic_compare_exchange_n(&e->other, &none, real, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
}

int cr_ids_add(struct cr_ids *ids, uint32_t kind, int32_t id, int32_t real)
{
	if (ids->n == CR_IDS_MAX / 2)
		return -ENOSPC;
	ids->by_id[ids->n++] = (struct cr_id){ kind, id, real };
	ids_sort(ids->by_id, &ids->n);
	return 0;
}

int cr_ids_stand_in(struct cr_ids *ids, int32_t id, int32_t real)
{
	int ret;

	if (!cr_id_find(ids->by_id, ids->n, CR_ID_PROCESS, id))
		return cr_ids_add(ids, CR_ID_PROCESS, id, real);
	ret = cr_ids_expect_old(ids, real, id);
	ids_sort(ids->old, &ids->nold);
	return ret;
}

static bool ids_known(const struct cr_id *e)
{
	return e->other || e->kind != CR_ID_PROCESS;
}

/* In by_id: those whose real id is known and theirs alone; by_real is the same turned round. */
static void turn_round(struct cr_ids *ids)
{
	uint32_t i, n = 0, reals = 0;

	for (i = 0; i < ids->n; i++)
		if (ids_known(&ids->by_id[i]))
			ids->by_real[reals++] =
				(struct cr_id){ ids->by_id[i].kind, ids->by_id[i].other,
						ids->by_id[i].id };
	ids_sort(ids->by_real, &reals);
	for (i = 0; i < ids->n; i++) {
		const struct cr_id *e = &ids->by_id[i];

		if (ids_known(e) &&
		    cr_id_find(ids->by_real, reals, e->kind, e->other)->other == e->id)
			ids->by_id[n++] = *e;
	}
	ids->n = n;
}

/* A chain a -> b -> c is closed: whoever gets the real id a is seen as c. */
static int close_chains(struct cr_ids *ids)
{
	uint32_t i, n = ids->n, all = n;

	for (i = 0; i < n; i++) {
		const struct cr_id *first = &ids->by_id[i], *e = first;

		if (cr_id_find(ids->by_real, n, first->kind, first->id))
			continue;
		while ((e = cr_id_find(ids->by_id, n, first->kind, e->other)))
			first = e;
		if (all == CR_IDS_MAX)
			return -ENOSPC;
		ids->by_id[all++] = (struct cr_id){ first->kind, first->other, ids->by_id[i].id };
	}
	ids->n = all;
	return 0;
}

static void drop_same(struct cr_id *v, uint32_t *n)
{
	uint32_t i, k = 0;

	for (i = 0; i < *n; i++)
		if (ids_known(&v[i]) && v[i].other != v[i].id)
			v[k++] = v[i];
	*n = k;
}

int cr_ids_settle(struct cr_ids *ids)
{
	uint32_t i, reals;
	int ret;

	turn_round(ids);
	for (i = 0; i < ids->nold; i++) {
		const struct cr_id *e =
			cr_id_find(ids->by_id, ids->n, CR_ID_PROCESS, ids->old[i].other);

		ids->old[i].other = e ? e->other : 0;
	}
	drop_same(ids->old, &ids->nold);
	ret = close_chains(ids);
	if (ret)
		return ret;
	drop_same(ids->by_id, &ids->n);
	ids_sort(ids->by_id, &ids->n);
	for (i = 0; i < ids->n; i++)
		ids->by_real[i] =
			(struct cr_id){ ids->by_id[i].kind, ids->by_id[i].other, ids->by_id[i].id };
	reals = ids->n;
	ids_sort(ids->by_real, &reals);
	return 0;
}

void cr_ids_forget(const char *name)
{
	static const char places[][CR_IDS_PLACE_MAX] = CR_IDS_PLACES;
	char path[CR_IDS_PLACE_MAX + CR_SOCKET_NAME_MAX];

	for (size_t i = 0; i < CR_ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s%s", places[i], name);
		unlink(path);
	}
}
