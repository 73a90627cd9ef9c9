// SPDX-License-Identifier: Apache-2.0
/* A worker that is nobody reads and writes its own files and forks; its master stays root. */
#include "prog.h"

#include <grp.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	char buf[32] = "";
	pid_t worker, child;
	int fd, p[2];

	prog_init(argc, argv);
	if (geteuid())
		prog_skip("only root can become somebody else");
	CHECK(!chmod(prog_dir, 0777));
	CHECK(!pipe(p));
	worker = prog_fork();
	if (!worker) {
		CHECK(!setgroups(0, NULL));
		CHECK(!setgid(65534));
		CHECK(!setuid(65534));
		/* As the change left it: closed to others of the same user. */
		CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
		fd = open(prog_path("own"), O_RDWR | O_CREAT | O_TRUNC, 0600);
		CHECK_EQ(write(fd, "before", 6), 6);
		prog_mark("dropped");
		prog_wait();
		CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
		CHECK_EQ(getuid(), 65534);
		CHECK_EQ(getgroups(0, NULL), 0);
		CHECK_EQ(write(fd, " after", 6), 6);
		CHECK_EQ(pread(fd, buf, 32, 0), 12);
		CHECK(!strcmp(buf, "before after"));
		child = prog_fork();
		if (!child)
			_exit(geteuid() != 65534 || !setuid(0));
		prog_reap(child);
		CHECK_EQ(write(p[1], "x", 1), 1);
		_exit(0);
	}
	prog_await("dropped");
	prog_ready();
	prog_wait();
	CHECK_EQ(geteuid(), 0);
	CHECK_EQ(read(p[0], buf, 1), 1);
	prog_reap(worker);
	prog_pass();
}
