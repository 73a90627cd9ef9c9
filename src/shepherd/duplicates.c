// SPDX-License-Identifier: Apache-2.0
//
// The shepherd's duplicates of the job's descriptors while it stands still: one for each open file
// description, however many processes have it, as our own descriptors are limited. Runs in the
// shepherd. Where kcmp is forbidden every descriptor has one.
#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "objects/core/room.h"
#include "shepherd/duplicates.h"
#include "shepherd/shepherd.h"

static long duplicates_compare(const struct cr_duplicate *d, int fd)
{
	return syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, d->fd, fd);
}

/* 1: that one is less, 2: it is more; what cannot be told goes to the end. */
static bool is_before(const struct cr_duplicate *d, int fd)
{
	long order = duplicates_compare(d, fd);

	return order && order != 2;
}

struct cr_duplicate *cr_duplicate_keep(struct cr_checkpoint *c, int fd)
{
	size_t n = c->duplicates.n, at = CR_FIRST_NOT(i, 0, n, is_before(c->duplicates.v[i], fd));
	struct cr_duplicate *d;

	if (at < n && !duplicates_compare(c->duplicates.v[at], fd)) {
		close(fd);
		return c->duplicates.v[at];
	}
	d = calloc(1, sizeof(*d));
	if (!d || !cr_list_add(&c->duplicates)) {
		free(d);
		close(fd);
		return NULL;
	}
	d->fd = fd;
	for (; n > at; n--)
		c->duplicates.v[n] = c->duplicates.v[n - 1];
	c->duplicates.v[at] = d;
	return d;
}

void cr_duplicates_close(struct cr_checkpoint *c)
{
	size_t i;

	for (i = 0; i < c->duplicates.n; i++)
		cr_close_fd(&c->duplicates.v[i]->fd);
}

void cr_duplicates_free(struct cr_checkpoint *c)
{
	size_t i;

	cr_duplicates_close(c);
	for (i = 0; i < c->duplicates.n; i++)
		free(c->duplicates.v[i]);
	free(c->duplicates.v);
}

int cr_duplicates_full(struct cr_checkpoint *c)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
		       "the job has %zu processes and %zu open files: a checkpoint needs two "
		       "descriptors for each process and one for each file, and the limit is %llu; "
		       "start the job with a higher one (ulimit -Hn); it goes on",
		       (size_t)c->expected, c->duplicates.n,
		       (unsigned long long)limit.rlim_cur);
}

int cr_check_room(struct cr_checkpoint *c)
{
	size_t need = cr_room_base(c->save.inodes.n, c->save.shared.n, c->save.pipes.n,
				   c->processes.n);
	struct rlimit limit = { 0 };
	CR_LIST(int) used = { 0 };
	bool lacking = false;
	int base, end, ret, *to;
	size_t i, k;

	for (i = 0; i < c->save.descriptions.n; i++)
		need += cr_room_of(c->save.descriptions.v[i]->m.kind);
	/* Files that have not been described. */
	if (c->duplicates.n > c->save.descriptions.n)
		need += 2 * (c->duplicates.n - c->save.descriptions.n);
	for (i = 0; i < c->processes.n; i++)
		for (k = 0; k < c->processes.v[i]->fds.n; k++)
			if ((to = cr_list_add(&used)))
				*to = c->processes.v[i]->fds.v[k].number;
			else
				lacking = true;
	ret = cr_room_find(used.v, used.n, need, &base, &end);
	free(used.v);
	if (lacking)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "the job's descriptors");
	if (!ret)
		return 0;
	/* Of all reasons the first, as it brings others about. */
	cr_err_clear(&c->err);
	getrlimit(RLIMIT_NOFILE, &limit);
	return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
		       "the job has %zu open files: a restart needs %zu descriptors beside theirs, "
		       "and the limit is %llu; start the job with a higher one (ulimit -Hn); it "
		       "goes on",
		       c->duplicates.n, need, (unsigned long long)limit.rlim_cur);
}
