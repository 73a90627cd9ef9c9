// SPDX-License-Identifier: Apache-2.0
//
// Which processes the job has: those below the shepherd, without its helpers, writers and plugins.
// Runs in: the shepherd; a plugin's process.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shepherd/pids.h"
#include "shepherd/shepherd.h"

/* What our own parent is to reap is no longer of the job; a writer or a plugin never was. */
bool cr_of_job(int proc, pid_t pid, pid_t self)
{
	struct cr_proc_stat st;

	if (cr_proc_stat(proc, pid, &st))
		return false;
	if (!strcmp(st.comm, CR_WRITER_NAME) || !strcmp(st.comm, CR_PLUGIN_NAME))
		return false;
	return !cr_proc_ended(&st) || st.ppid != self;
}

void cr_job_pids(int proc, pid_t self, cr_pids *out)
{
	size_t done = out->n, before = done, i, k;
	pid_t parent = self;

	for (;;) {
		cr_proc_children(proc, parent, out);
		for (i = before; i < out->n; i++) {
			bool again = false;

			for (k = 0; k < before && !again; k++)
				again = out->v[k] == out->v[i];
			if (again || !cr_of_job(proc, out->v[i], self))
				out->v[i--] = out->v[--out->n];
		}
		if (done == out->n)
			return;
		parent = out->v[done++];
		before = out->n;
	}
}

static pid_t host_self(struct cr_shepherd *sh)
{
	char link[32];
	ssize_t n;

	if (sh->host_proc == AT_FDCWD)
		return getpid();
	n = readlinkat(sh->host_proc, "self", link, sizeof(link) - 1);
	link[n < 0 ? 0 : n] = 0;
	return atoi(link);
}

/* A helper, or below one; its id here is the last of its NSpid. */
static bool pids_is_helper(const struct cr_shepherd *sh, pid_t pid, const cr_pids *all)
{
	struct cr_proc_status st;
	size_t i, k;
	int depth;

	if (!sh->helpers.n)
		return false;
	for (depth = 0; depth < 64 && !cr_proc_status(sh->host_proc, pid, &st); depth++) {
		for (i = 0; i < sh->helpers.n; i++)
			if (sh->helpers.v[i].pid == (st.ns_pid ? st.ns_pid : pid))
				return true;
		for (k = 0; k < all->n && all->v[k] != st.ppid; k++)
			;
		if (k == all->n)
			return false;
		pid = st.ppid;
	}
	return false;
}

void cr_root_pids(struct cr_shepherd *sh, cr_pids *out)
{
	pid_t *root = cr_list_add(out);

	if (root)
		*root = sh->root;
	cr_job_pids(sh->host_proc, sh->root, out);
}

void cr_tree_pids(struct cr_shepherd *sh, cr_pids *out)
{
	cr_pids all = { 0 };
	size_t i;

	cr_job_pids(sh->host_proc, host_self(sh), &all);
	for (i = 0; i < all.n; i++) {
		pid_t *to = pids_is_helper(sh, all.v[i], &all) ? NULL : cr_list_add(out);

		if (to)
			*to = all.v[i];
	}
	free(all.v);
}
