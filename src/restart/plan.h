// SPDX-License-Identifier: Apache-2.0
//
// The list of the restorer's operations while it is made (plan.c and beside it).
#ifndef CR_PLAN_H
#define CR_PLAN_H

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/proc.h"
#include "restart/restorer.h"

#define THREAD_STACK 4096ul

struct cr_err;
struct cr_process_image;
struct cr_restart;

struct plan {
	struct cr_restart *r;
	const struct cr_process_image *p;
	struct cr_op *ops; /* all of them, main thread's first; moved into the restorer's place */
	size_t nops, room;
	char *data; /* what operations point to; addresses are those in the restorer's place */
	size_t used, data_room;
	uint64_t data_at;
	uint64_t base, len, code, stacks, page;
	int exe_fd;
	struct cr_proc_status own; /* of this process, for its capabilities */
	uint64_t groups_at; /* its supplementary groups, for all threads */
};

static inline struct cr_op *op(struct plan *n, enum cr_op_kind kind, enum cr_label label,
			       uint32_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			       uint64_t e, uint64_t f)
{
	struct cr_op *o = cr_grow(&n->ops, &n->nops, &n->room, sizeof(*n->ops));

	if (!o)
		abort();
	*o = (struct cr_op){ kind, label, nr, { a, b, c, d, e, f } };
	return o;
}

#define CALL(label, nr, ...) CALL_(CR_OP_SYSCALL, label, nr, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define TRY(label, nr, ...) CALL_(CR_OP_TRY, label, nr, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(kind, label, nr, a, b, c, d, e, f, ...)                                      \
	op(n, kind, label, nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), \
	   (uint64_t)(e), (uint64_t)(f))

/* A copy of something, at the address that it will have. */
static inline uint64_t keep(struct plan *n, const void *what, size_t len)
{
	uint64_t at;

	n->used = (n->used + 15) & ~15ul;
	if (n->used + len > n->data_room)
		abort();
	memcpy(n->data + n->used, what, len);
	at = n->data_at + n->used;
	n->used += len;
	return at;
}

/* Turns this process into p; returns only on failure. */
int cr_become(struct cr_restart *r, const struct cr_process_image *p, struct cr_err *err);

#endif
