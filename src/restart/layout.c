// SPDX-License-Identifier: Apache-2.0
//
// Places in an address space that both the restarting program and the saved process leave free.
// Runs in: a process that is about to become a saved one.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/image.h"
#include "common/proc.h"
#include "restart/layout.h"

#define LOWEST 0x10000000ul
#define HIGHEST 0x7ffffffff000ul
#define HUGE 0x200000ul
/* Kept free below a mapping that may grow down. */
#define GROWTH (64ul << 20)

static int layout_by_start(const void *a, const void *b)
{
	const struct cr_span *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int layout_add(struct cr_layout *l, uint64_t start, uint64_t end)
{
	struct cr_span *s = cr_grow(&l->v, &l->n, &l->room, sizeof(*l->v));

	if (!s)
		return -ENOMEM;
	*s = (struct cr_span){ start, end };
	return 0;
}

int cr_layout_read(struct cr_layout *l, const struct cr_process_image *p)
{
	static const char *const names[] = { "[vdso]", "[vvar]", "[vvar_vclock]" };
	struct cr_maps maps;
	size_t i, k;
	int ret;

	memset(l, 0, sizeof(*l));
	if (layout_add(l, 0, LOWEST))
		return -ENOMEM;
	ret = cr_proc_maps(getpid(), false, &maps);
	for (i = 0; i < maps.n && !ret; i++) {
		const struct cr_map *m = &maps.v[i];
		uint64_t below = strcmp(m->path, "[stack]") ? 0 : GROWTH;

		for (k = 0; k < 3; k++)
			if (!strcmp(m->path, names[k]))
				l->vdso[k] = (struct cr_span){ m->start, m->end };
		ret = layout_add(l, m->start - below, m->end);
	}
	for (i = 0; i < p->vmas.n && !ret; i++) {
		const cairn_Vma *v = &p->vmas.v[i];
		uint64_t below = v->grows_down && v->start > GROWTH ? GROWTH : 0;

		ret = layout_add(l, v->start - below, v->end);
	}
	/* Where the heap may grow. */
	if (!ret)
		ret = layout_add(l, p->process.start_brk, p->core.brk + GROWTH);
	cr_maps_free(&maps);
	qsort(l->v, l->n, sizeof(*l->v), layout_by_start);
	return ret;
}

/* From span i on, nothing free below at; 0 if there is no such place. */
static uint64_t find_from(struct cr_layout *l, size_t i, uint64_t at, uint64_t len, uint64_t like)
{
	for (; i <= l->n; i++) {
		uint64_t end = i < l->n && l->v[i].start < HIGHEST ? l->v[i].start : HIGHEST;
		uint64_t place = (at & -HUGE) + like % HUGE;

		if (place < at)
			place += HUGE;
		if (end > place && end - place >= len) {
			l->next = i;
			l->next_at = place + len;
			/* The span below, which there always is, now reaches up to here. */
			l->v[i - 1].end = place + len;
			return place;
		}
		if (i < l->n && l->v[i].end > at)
			at = l->v[i].end;
	}
	return 0;
}

uint64_t cr_layout_find(struct cr_layout *l, uint64_t len, uint64_t like)
{
	uint64_t place = 0;

	/* Mappings are placed one behind the other: only the last resort is to look for a hole. */
	if (l->next_at)
		place = find_from(l, l->next, l->next_at, len, like);
	return place ? place : find_from(l, 0, LOWEST, len, like);
}
