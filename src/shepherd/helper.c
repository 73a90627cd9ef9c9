// SPDX-License-Identifier: Apache-2.0
//
// Programs that the shepherd runs for itself (CRIU, a container runtime), and which of its children
// are therefore no part of the job. Their end is an event of the shepherd's loop.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shepherd/shepherd.h"

static void become(char *const argv[], const int fds[3])
{
	sigset_t none;
	int i, null = open("/dev/null", O_RDWR), at[3];

	for (i = 0; i < 3; i++)
		at[i] = fcntl(fds[i] < 0 ? null : fds[i], F_DUPFD, 3);
	for (i = 0; i < 3; i++)
		dup2(at[i], i);
	close_range(3, ~0u, 0);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	_exit(CR_EXIT_CANNOT_RUN);
}

int cr_helper_start(struct cr_shepherd *sh, char *const argv[], const int fds[3],
		    void (*ended)(struct cr_shepherd *sh, int status, void *arg), void *arg,
		    pid_t *pid, struct cr_err *err)
{
	struct cr_helper *h = cr_list_add(&sh->helpers);

	if (!h)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "running %s", argv[0]);
	h->pid = fork();
	if (!h->pid)
		become(argv, fds);
	if (h->pid < 0) {
		sh->helpers.n--;
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "running %s", argv[0]);
	}
	h->ended = ended;
	h->arg = arg;
	*pid = h->pid;
	return 0;
}

bool cr_helper_ended(struct cr_shepherd *sh, pid_t pid, int status)
{
	struct cr_helper h;
	size_t i;

	for (i = 0; i < sh->helpers.n; i++) {
		if (sh->helpers.v[i].pid != pid)
			continue;
		h = sh->helpers.v[i];
		sh->helpers.v[i] = sh->helpers.v[--sh->helpers.n];
		h.ended(sh, status, h.arg);
		return true;
	}
	return false;
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
static bool is_helper(const struct cr_shepherd *sh, pid_t pid, const cr_pids *all)
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
		pid_t *to = is_helper(sh, all.v[i], &all) ? NULL : cr_list_add(out);

		if (to)
			*to = all.v[i];
	}
	free(all.v);
}
