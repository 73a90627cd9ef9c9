// SPDX-License-Identifier: Apache-2.0
//
// Messages without a byte, from one checkpoint to the next. Having been looked at once they are
// skipped when a queue is looked through by offset: so what was seen of such a queue is remembered,
// and each message told from others by the time that the kernel gives it at the first look.
// Runs in the shepherd. Memory: only of queues that held such messages at the last checkpoint.
#include "objects/unix/unix_empty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "objects/unix/unix_diag.h"

static CR_LIST(struct unix_seen *) all;

struct unix_seen *unix_seen_of(uint32_t inode)
{
	size_t i;

	for (i = 0; i < all.n; i++)
		if (all.v[i]->inode == inode)
			return all.v[i];
	return NULL;
}

static void unix_empty_forget(struct unix_seen *s)
{
	size_t i;

	for (i = 0; i < s->marks.n; i++)
		free(s->marks.v[i].m);
	free(s->marks.v);
	free(s);
}

void unix_seen_drop(uint32_t inode)
{
	size_t i;

	for (i = 0; i < all.n; i++) {
		if (all.v[i]->inode != inode)
			continue;
		unix_empty_forget(all.v[i]);
		all.v[i] = all.v[--all.n];
		return;
	}
}

void unix_seen_prune(const struct unix_table *t)
{
	size_t i;

	for (i = all.n; i > 0; i--)
		if (!unix_table_find(t, all.v[i - 1]->inode))
			unix_seen_drop(all.v[i - 1]->inode);
}

struct unix_seen *unix_seen_new(uint32_t inode)
{
	struct unix_seen *s = calloc(1, sizeof(*s)), **to = cr_list_add(&all);

	if (!s || !to) {
		all.n -= !!to;
		free(s);
		return NULL;
	}
	s->inode = inode;
	return *to = s;
}

size_t unix_seen_from(const struct unix_seen *s, int64_t ns)
{
	size_t i;

	for (i = 0; i < s->marks.n; i++)
		if (s->marks.v[i].ns == ns)
			break;
	return i;
}
