// SPDX-License-Identifier: Apache-2.0
/* A filter for all threads at once (TSYNC); it kills who makes a forbidden call. */
#include "seccomp.h"

#include <sys/utsname.h>

static void *thread(void *arg)
{
	prog_wait();
	CHECK_EQ(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
	return NULL;
}

int main(int argc, char **argv)
{
	struct utsname u;
	pthread_t t[3];
	int i, status;
	pid_t child;

	prog_init(argc, argv);
	for (i = 0; i < 3; i++)
		prog_thread(&t[i], thread, NULL);
	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!seccomp_install(SYS_uname, SECCOMP_RET_KILL_PROCESS, SECCOMP_FILTER_FLAG_TSYNC,
			       false));
	prog_ready();
	prog_wait();
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	child = prog_fork();
	if (!child) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		uname(&u);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	prog_pass();
}
