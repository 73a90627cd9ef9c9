// SPDX-License-Identifier: Apache-2.0
//
// Who gets which id: in a sandbox everyone its own; without one whatever the kernel gives, noted in
// a table that all processes of the restart share and that their agents take over (common/ids.h).
// Runs in: the shepherd and its predecessors, and in every process that is made.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/addresses.h"
#include "common/agent_config.h"
#include "common/environment.h"
#include "common/err.h"
#include "common/ids.h"
#include "common/image.h"
#include "restart/restart_ids.h"
#include "restart/restart.h"
#include "restart/restorer.h"
#include "shepherd/shepherd.h"

#define IDS_ROOM CR_PAGE_UP(sizeof(struct cr_ids))
#define ADDRESSES_ROOM CR_PAGE_UP(sizeof(struct cr_addresses))
#define ENVIRONMENT_ROOM CR_PAGE_UP(sizeof(struct cr_environment))
#define PROGRESS_AT (CR_PAGE + IDS_ROOM + ADDRESSES_ROOM + ENVIRONMENT_ROOM)

static int expect_process(struct cr_ids *ids, const struct cr_process_image *p)
{
	const cairn_Process *m = &p->process;
	int ret = cr_ids_expect(ids, CR_ID_PROCESS, m->pid);
	size_t i;
	int k;

	if (!ret)
		ret = cr_ids_expect(ids, CR_ID_PROCESS, m->pgid);
	if (!ret)
		ret = cr_ids_expect(ids, CR_ID_PROCESS, m->sid);
	if (!ret)
		ret = cr_ids_expect_old(ids, m->pid, m->pid);
	if (!ret)
		ret = cr_ids_expect_old(ids, m->pgid, m->pgid);
	for (i = 0; i < p->threads.n && !ret; i++) {
		const cairn_Thread *t = &p->threads.v[i];

		ret = cr_ids_expect(ids, CR_ID_PROCESS, t->tid);
		for (k = 0; k < t->old_tids_count && !ret; k++)
			ret = cr_ids_expect_old(ids, t->old_tids[k], t->tid);
		/* As long as it has its own, libc writes that. */
		if (!ret)
			ret = cr_ids_expect_old(ids, t->tid, t->tid);
	}
	return ret;
}

int cr_restart_ids(struct cr_restart *r, struct cr_err *err)
{
	const cairn_Job *job = &r->img.job;
	size_t room = PROGRESS_AT, i;
	struct cr_ids *ids;
	int ret = 0;
	char *p;

	/* Mostly untouched, so it is not there. */
	room += CR_PAGE_UP((r->img.processes.n + 1) * sizeof(*r->progress));
	p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "control page");
	r->page = (void *)p;
	r->page_room = room;
	r->progress = (void *)(p + PROGRESS_AT);
	r->ids = ids = (void *)(p + CR_PAGE);
	r->objects.ids = ids;
	r->objects.addresses = (void *)(p + CR_PAGE + IDS_ROOM);
	r->environment = (void *)(p + CR_PAGE + IDS_ROOM + ADDRESSES_ROOM);
	for (i = 0; i < r->img.processes.n && !ret; i++)
		ret = expect_process(ids, &r->img.processes.v[i]);
	for (i = 0; i < r->img.ptys.n && !ret; i++)
		ret = cr_ids_expect(ids, CR_ID_PROCESS, r->img.ptys.v[i].foreground);
	if (!ret)
		ret = cr_ids_expect(ids, CR_ID_PROCESS, job->shepherd_pid);
	if (!ret)
		ret = cr_ids_expect(ids, CR_ID_PROCESS, job->shepherd_pgid);
	if (!ret)
		ret = cr_ids_expect(ids, CR_ID_PROCESS, job->shepherd_sid);
	if (ret)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "the job has more processes and threads than ids can be translated "
			       "for (%d)",
			       CR_IDS_MAX / 2);
	cr_ids_sort(ids);
	return 0;
}

pid_t cr_real(const struct cr_restart *r, pid_t id)
{
	return r->objects.virtual_ids ? cr_id_real(r->ids, CR_ID_PROCESS, id) : id;
}

static pid_t clone_anew(struct cr_restart *r, pid_t id, uint64_t flags, int exit_signal)
{
	int tries;

	for (tries = 0; tries < CR_IDS_MAX; tries++) {
		pid_t pid = syscall(SYS_clone, flags | exit_signal, NULL, NULL, NULL, NULL);
		pid_t real = pid ? pid : getpid();

		if (pid < 0)
			return pid;
		/* A stale one would be taken for another's: both of us see it and try again. */
		if (real != id && cr_ids_stale(r->ids, real)) {
			if (!pid)
				_exit(0);
			if (!(flags & CLONE_PARENT))
				waitpid(pid, NULL, __WALL);
			continue;
		}
		if (id)
			cr_ids_born(r->ids, CR_ID_PROCESS, id, real);
		return pid;
	}
	errno = EAGAIN;
	return -1;
}

pid_t cr_clone_as(struct cr_restart *r, pid_t id, uint64_t flags, int exit_signal)
{
	struct clone_args c = { .flags = flags,
				.exit_signal = exit_signal,
				.set_tid = (uintptr_t)&id,
				.set_tid_size = 1 };

	return r->objects.virtual_ids ? clone_anew(r, id, flags, exit_signal) :
					syscall(SYS_clone3, &c, sizeof(c));
}

/* ---- when all are born ---- */

/* In the first place where that is possible; the descriptor, or -errno. */
static int create_table(const char *name, char path[128])
{
	static const char places[][CR_IDS_PLACE_MAX] = CR_IDS_PLACES;
	int fd = -1;

	for (size_t i = 0; i < CR_ARRAY_SIZE(places) && fd < 0; i++) {
		snprintf(path, 128, "%s%s", places[i], name);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	return fd < 0 ? -errno : fd;
}

static int write_table(const struct cr_ids *ids, const struct cr_addresses *a, const char *name,
		       struct cr_err *err)
{
	char path[128];
	cr_auto_fd fd = -1;
	int ret;

	/* That of an earlier life, which may have had no time to remove it. */
	cr_ids_forget(name);
	if (!ids->n && !ids->clock[0] && !a->magic)
		return 0;
	fd = create_table(name, path);
	ret = fd < 0 ? fd : cr_write_all(fd, ids, offsetof(struct cr_ids, by_id));
	if (!ret)
		ret = cr_write_all(fd, ids->by_id, ids->n * sizeof(*ids->by_id));
	if (!ret)
		ret = cr_write_all(fd, ids->by_real, ids->n * sizeof(*ids->by_real));
	if (!ret)
		ret = cr_write_all(fd, ids->old, ids->nold * sizeof(*ids->old));
	if (!ret)
		ret = cr_write_all(fd, a, offsetof(struct cr_addresses, by_virtual));
	if (!ret)
		ret = cr_write_all(fd, a->by_virtual, a->nvirtual * sizeof(*a->by_virtual));
	if (!ret)
		ret = cr_write_all(fd, a->by_real, a->nreal * sizeof(*a->by_real));
	return ret ? cr_fail(err, CR_EXIT_IO, -ret,
			     "cannot write the tables of ids and addresses, %s", path) :
		     0;
}

int cr_restart_ids_settle(struct cr_restart *r, struct cr_err *err)
{
	const struct cr_addresses *a = r->objects.addresses;
	struct cr_ids *ids = r->ids;
	uint32_t i;

	/* In a sandbox all have their own; threads may still have had others before. */
	for (i = 0; i < ids->n && !r->objects.virtual_ids; i++)
		ids->by_id[i].other = ids->by_id[i].id;
	if (cr_ids_settle(ids))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0, "too many ids to translate");
	if (write_table(ids, a, r->sh->agent_socket, err))
		return -EIO;
	if (a->magic || a->nhomes) {
		r->sh->addresses = malloc(sizeof(*a));
		if (!r->sh->addresses)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "the table of addresses");
		memcpy(r->sh->addresses, a, sizeof(*a));
	}
	if (!ids->n && !ids->nold && !ids->clock[0] && !ids->clock[1])
		return 0;
	r->sh->ids = calloc(1, sizeof(*ids));
	if (!r->sh->ids)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "the table of ids");
	r->sh->ids->n = ids->n;
	r->sh->ids->nold = ids->nold;
	memcpy(r->sh->ids->clock, ids->clock, sizeof(ids->clock));
	memcpy(r->sh->ids->by_id, ids->by_id, ids->n * sizeof(*ids->by_id));
	memcpy(r->sh->ids->by_real, ids->by_real, ids->n * sizeof(*ids->by_real));
	memcpy(r->sh->ids->old, ids->old, ids->nold * sizeof(*ids->old));
	return 0;
}
