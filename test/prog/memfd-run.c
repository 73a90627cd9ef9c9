// SPDX-License-Identifier: Apache-2.0
/* A program in memory that is run again and again: nobody else may have it open for writing. */
#include "prog.h"

#include <sys/mman.h>
#include <sys/sendfile.h>

static int fd;

static void run(void)
{
	static char *const args[] = { "true", NULL };
	pid_t pid = fork();
	int status;

	if (!pid) {
		syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
		_exit(errno);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	int from = open("/bin/true", O_RDONLY);

	prog_init(argc, argv);
	fd = memfd_create("true", MFD_CLOEXEC);
	CHECK(from >= 0 && fd >= 0);
	CHECK(sendfile(fd, from, NULL, 1 << 20) > 0);
	CHECK_EQ(lseek(fd, 7, SEEK_SET), 7);
	CHECK(!fcntl(fd, F_SETFL, O_APPEND));
	run();
	prog_ready();
	while (!prog_done()) {
		run();
		CHECK_EQ(lseek(fd, 0, SEEK_CUR), 7);
		CHECK(fcntl(fd, F_GETFL) & O_APPEND);
		prog_nap();
	}
	prog_pass();
}
