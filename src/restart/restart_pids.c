// SPDX-License-Identifier: Apache-2.0
//
// The ids of the job: which processes there are, which ids are taken, and who shares descriptors.
#include <errno.h>
#include <stdlib.h>

#include "common/err.h"
#include "common/image.h"
#include "common/proc.h"
#include "restart/restart_pids.h"
#include "restart/restart.h"

static int restart_pids_by_id(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

static bool restart_pids_among(const cr_pids *ids, pid_t id)
{
	return ids->n && bsearch(&id, ids->v, ids->n, sizeof(id), restart_pids_by_id);
}

/* Sorted, as they are looked for by every process that is made. */
int cr_collect_ids(struct cr_restart *r, struct cr_err *err)
{
	const cairn_Job *job = &r->img.job;
	int ret = cr_pids_add(&r->taken, job->shepherd_pid) |
		  cr_pids_add(&r->taken, job->shepherd_pgid) |
		  cr_pids_add(&r->taken, job->shepherd_sid);
	size_t i, k;

	for (i = 0; i < r->img.processes.n; i++) {
		const struct cr_process_image *p = &r->img.processes.v[i];

		ret |= cr_pids_add(&r->pids, p->process.pid) |
		       cr_pids_add(&r->taken, p->process.pid) |
		       cr_pids_add(&r->taken, p->process.pgid) |
		       cr_pids_add(&r->taken, p->process.sid);
		for (k = 0; k < p->threads.n; k++)
			ret |= cr_pids_add(&r->taken, p->threads.v[k].tid);
		if (p->process.shares_files)
			ret |= cr_pids_add(&r->sharers, p->process.ppid);
	}
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart");
	qsort(r->pids.v, r->pids.n, sizeof(pid_t), restart_pids_by_id);
	qsort(r->taken.v, r->taken.n, sizeof(pid_t), restart_pids_by_id);
	if (r->sharers.n)
		qsort(r->sharers.v, r->sharers.n, sizeof(pid_t), restart_pids_by_id);
	return 0;
}

bool cr_shares_files(const struct cr_restart *r, const struct cr_process_image *p)
{
	return p->process.shares_files || restart_pids_among(&r->sharers, p->process.pid);
}

pid_t cr_spare_id(const struct cr_restart *r, size_t n)
{
	pid_t id = 32000;

	/* From the top. */
	for (; id > 2; id--)
		if (!restart_pids_among(&r->taken, id) && !n--)
			return id;
	return 0;
}

bool cr_has_process(const struct cr_restart *r, pid_t pid)
{
	return restart_pids_among(&r->pids, pid);
}
