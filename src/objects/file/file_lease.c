// SPDX-License-Identifier: Apache-2.0
//
// O_ASYNC and leases, at a restart: their signals tell the number by which they were set. So one
// who has the descriptors at those numbers sets them, for all, when no file is open for the restart
// any more. A lease that was being broken is broken again, with nobody told: its holder has heard.
// Runs in: a fork of the shepherd, when all processes are in place and none has run.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/core/index.h"
#include "objects/core/reopen.h"

/* As whoever wants to read or write would; without waiting, and it opens nothing. */
static int open_against(int fd, int flags)
{
	struct stat st;
	int other;

	other = open(cr_fd_path(fd).text, flags | O_NONBLOCK | O_CLOEXEC);
	if (other >= 0 || errno != EACCES || fstat(fd, &st) || st.st_uid != geteuid())
		return other;
	/* Whoever did it had rights that we lack. */
	if (fchmod(fd, (st.st_mode & 07777) | 0600))
		return -1;
	other = open(cr_fd_path(fd).text, flags | O_NONBLOCK | O_CLOEXEC);
	fchmod(fd, st.st_mode & 07777);
	return other;
}

static void break_again(const cairn_Description *d, int fd)
{
	struct f_owner_ex nobody = { F_OWNER_PID, getpid() };

	fcntl(fd, F_SETOWN_EX, &nobody);
	open_against(fd, d->lease_broken - 1 == F_RDLCK ? O_RDONLY : O_WRONLY);
}

static void file_lease_set_lease(struct cr_restore *r, const cairn_Description *d, int fd)
{
	if (fcntl(fd, F_SETLEASE, d->lease - 1)) {
		cr_say("the lease on %s is lost: somebody else has it open", d->path);
		return;
	}
	if (!d->lease_broken)
		return;
	break_again(d, fd);
	cr_object_owner(r, fd, d);
}

static bool file_lease_wanted(const struct cr_restore *r, size_t i)
{
	const cairn_Description *d = &r->img->descriptions.v[i];

	return r->description_fd[i] >= 0 && (d->flags & O_ASYNC || d->lease);
}

static int file_lease_apply(struct cr_restore *r, struct cr_err *err)
{
	bool any = false;
	sigset_t all;
	pid_t pid;
	size_t i;
	int n;

	for (i = 0; i < r->img->descriptions.n && !any; i++)
		any = file_lease_wanted(r, i);
	if (!any)
		return 0;
	pid = fork();
	if (pid) {
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return 0;
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (i = 0; i < r->img->descriptions.n; i++) {
		const cairn_Description *d = &r->img->descriptions.v[i];

		if (!file_lease_wanted(r, i))
			continue;
		n = cr_first_number(r->img, r->first[i], d->id);
		if (n < 0 || dup3(r->description_fd[i], n, O_CLOEXEC) < 0)
			n = r->description_fd[i];
		if (d->flags & O_ASYNC)
			fcntl(n, F_SETFL, fcntl(n, F_GETFL) | O_ASYNC);
		if (d->lease)
			file_lease_set_lease(r, d, n);
	}
	_exit(0);
}

const struct cr_object cr_object_lease = {
	.apply = file_lease_apply,
};
