// SPDX-License-Identifier: Apache-2.0
/* Process, parent and thread ids stay what they were, asked by raw system calls. */
#include "prog.h"

static pid_t pid, ppid, pgrp, sid;
static pid_t tids[4];

static void *thread(void *arg)
{
	pid_t *tid = arg;

	*tid = prog_tid();
	while (!prog_done()) {
		CHECK_EQ(prog_tid(), *tid);
		CHECK_EQ(syscall(SYS_getpid), pid);
		prog_nap();
	}
	return NULL;
}

static void check(void)
{
	size_t i;

	CHECK_EQ(syscall(SYS_getpid), pid);
	CHECK_EQ(syscall(SYS_getppid), ppid);
	CHECK_EQ(syscall(SYS_getpgid, 0), pgrp);
	CHECK_EQ(syscall(SYS_getsid, 0), sid);
	CHECK_EQ(prog_tid(), pid);
	for (i = 0; i < ARRAY_SIZE(tids); i++)
		CHECK_EQ(syscall(SYS_tgkill, pid, tids[i], 0), 0);
}

int main(int argc, char **argv)
{
	pthread_t t[ARRAY_SIZE(tids)];
	size_t i;

	prog_init(argc, argv);
	/* In its own session, as the outer session belongs to whoever starts the job. */
	if (getpid() != getpgrp())
		setsid();
	pid = getpid();
	ppid = getppid();
	pgrp = getpgrp();
	sid = getsid(0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		prog_thread(&t[i], thread, &tids[i]);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		while (!*(volatile pid_t *)&tids[i])
			prog_nap();
	prog_ready();
	while (!prog_done()) {
		check();
		prog_nap();
	}
	for (i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
