// SPDX-License-Identifier: Apache-2.0
/* Processes made by clone(CLONE_FILES) or clone(CLONE_FS) go on sharing, and others go on apart. */
#include "prog.h"

#include <sys/wait.h>

static pid_t make(unsigned long flags)
{
	pid_t pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	CHECK(pid >= 0);
	return pid;
}

static void closed(int fd)
{
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
}

/* Has the table in common: what the parent opens is seen here, and the other way round. */
static void share_files(void)
{
	prog_mark("files-child");
	prog_wait();
	prog_await("opened");
	CHECK(fcntl(40, F_GETFD) == FD_CLOEXEC);
	CHECK_EQ(close(40), 0);
	CHECK_EQ(dup2(0, 41), 41);
	CHECK(!chdir("/"));
	prog_mark("closed");
	_exit(0);
}

static void share_fs(void)
{
	prog_mark("fs-child");
	prog_wait();
	prog_await("opened");
	closed(40);
	CHECK(!chdir("/usr"));
	umask(031);
	prog_mark("moved");
	_exit(0);
}

static void share_nothing(void)
{
	prog_mark("third-child");
	prog_wait();
	prog_await("moved");
	closed(40);
	CHECK_EQ(umask(0), 022);
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t files, fs, none;
	char cwd[PATH_MAX];

	prog_init(argc, argv);
	umask(022);
	CHECK_EQ(dup2(0, 30), 30);
	files = make(CLONE_FILES);
	if (!files)
		share_files();
	fs = make(CLONE_FS);
	if (!fs)
		share_fs();
	none = make(0);
	if (!none)
		share_nothing();
	prog_await("files-child");
	prog_await("fs-child");
	prog_await("third-child");
	CHECK_EQ(close(30), 0);
	prog_ready();
	prog_wait();
	closed(30);
	CHECK_EQ(dup3(0, 40, O_CLOEXEC), 40);
	prog_mark("opened");
	prog_reap(files);
	closed(40);
	CHECK(fcntl(41, F_GETFD) == 0);
	prog_await("moved");
	prog_reap(fs);
	prog_reap(none);
	CHECK(getcwd(cwd, sizeof(cwd)));
	CHECK(!strcmp(cwd, "/usr"));
	CHECK_EQ(umask(0), 031);
	prog_pass();
}
