// SPDX-License-Identifier: Apache-2.0
/* Two filters, one above the other, of a process and of its child; their parent has none. */
#include "seccomp.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

static void check(void)
{
	struct utsname u;
	struct sysinfo i;

	CHECK(uname(&u) && errno == ENOTTY);
	CHECK(sysinfo(&i) && errno == EDOM);
	CHECK_EQ(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
}

int main(int argc, char **argv)
{
	struct utsname u;
	pid_t child;

	prog_init(argc, argv);
	child = prog_fork();
	if (!child) {
		CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		CHECK(!seccomp_install(SYS_uname, SECCOMP_RET_ERRNO | ENOTTY, 0, true));
		CHECK(!seccomp_install(SYS_sysinfo, SECCOMP_RET_ERRNO | EDOM, 0, false));
		child = prog_fork();
		check();
		prog_mark(child ? "set1" : "set2");
		prog_watch(check);
		if (!child)
			_exit(0);
		prog_reap(child);
		_exit(0);
	}
	prog_await("set1");
	prog_await("set2");
	prog_ready();
	prog_wait();
	CHECK(!uname(&u));
	prog_reap(child);
	prog_pass();
}
