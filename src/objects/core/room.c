// SPDX-License-Identifier: Apache-2.0
//
// Numbers for what a restart makes. All descriptions of the job are made in one process, above all
// numbers that the job uses or in the first gap between them, and from there each process takes
// those that are its own. Runs in the shepherd and in crrestart, whose limits are the same then.
#include "objects/core/room.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "objects/shape/shapes.h"

#define LOWEST 64
#define BESIDES 192 /* what is open for a moment, and for good: logs, sockets, the image */

size_t cr_room_base(size_t inodes, size_t shared, size_t pipes, size_t processes)
{
	return inodes + shared + 2 * pipes + processes + BESIDES;
}

size_t cr_room_of(cairn_ObjectKind kind)
{
	const struct cr_shape *s = cr_shape_of(kind);

	return s && s->numbers ? s->numbers : CR_NUMBERS_MOST;
}

static int room_by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int cr_room_find(int *used, size_t n, size_t need, int *base, int *end)
{
	struct rlimit limit;
	int from = LOWEST;
	size_t i;

	if (n)
		qsort(used, n, sizeof(*used), room_by_number);
	*base = (n && used[n - 1] >= LOWEST ? used[n - 1] : LOWEST - 1) + 64;
	*end = INT32_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) || *base + need < limit.rlim_cur)
		return 0;
	for (i = 0; i < n; i++) {
		if (used[i] > from && (size_t)(used[i] - from) > need) {
			*base = from;
			*end = used[i];
			return 0;
		}
		if (used[i] >= from)
			from = used[i] + 1;
	}
	return -EMFILE;
}
