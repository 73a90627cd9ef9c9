// SPDX-License-Identifier: Apache-2.0
//
// Programs that the shepherd runs for itself (CRIU, a container runtime). Their end is an event of
// the shepherd's loop.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shepherd/helper.h"
#include "shepherd/shepherd.h"

static void helper_become(char *const argv[], const int fds[3])
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
		helper_become(argv, fds);
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
