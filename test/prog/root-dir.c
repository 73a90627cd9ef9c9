// SPDX-License-Identifier: Apache-2.0
/* A process with another root directory, in which there is no /proc. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct stat st;
	char buf[64];
	pid_t pid;
	int fd;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("jail"), 0755) && !mkdir(prog_path("jail/dir"), 0755));
	close(prog_file("jail/dir/file", 10, 1, O_RDONLY));
	close(prog_file("jail/go", 0, 1, O_RDONLY));
	if (chroot("/"))
		prog_skip("chroot is not permitted");
	pid = prog_fork();
	if (!pid) {
		CHECK(!chroot(prog_path("jail")) && !chdir("/dir"));
		fd = open("/dir/file", O_RDWR);
		CHECK(fd >= 0 && lseek(fd, 4, SEEK_SET) == 4);
		while (!access("/go", F_OK)) {
			CHECK(!stat("/dir/file", &st) && !stat("file", &st));
			CHECK(access("/proc/self", F_OK) && access("/etc", F_OK));
			prog_nap();
		}
		CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, "/dir"));
		CHECK(!chdir("../../.."));
		CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, "/"));
		CHECK_EQ(lseek(fd, 0, SEEK_CUR), 4);
		CHECK_EQ(open("/new", O_CREAT | O_WRONLY, 0600) >= 0, 1);
		_exit(0);
	}
	prog_nap_ms(100);
	prog_ready();
	prog_wait();
	CHECK(!unlink(prog_path("jail/go")));
	prog_reap(pid);
	CHECK(prog_has("jail/new") && prog_has("jail/dir/file"));
	prog_pass();
}
