// SPDX-License-Identifier: Apache-2.0
/*
 * To take on, or give a file to, a user that one may not be is not permitted, and not invalid: in
 * the program, in one of its threads, and in a program that it executes afterwards.
 */
#include "prog.h"

#define FOREIGN 12345

static void denied(long ret)
{
	CHECK_EQ(ret, -1);
	CHECK_EQ(errno, EPERM);
}

static void *owners(void *unused)
{
	const char *path = prog_path("owned");
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0);
	denied(chown(path, FOREIGN, -1));
	denied(chown(path, -1, FOREIGN));
	denied(lchown(path, FOREIGN, FOREIGN));
	denied(fchown(fd, FOREIGN, FOREIGN));
	denied(fchownat(AT_FDCWD, path, FOREIGN, FOREIGN, 0));
	CHECK(fchownat(AT_FDCWD, path, FOREIGN, FOREIGN, 0x40000000) == -1 && errno == EINVAL);
	CHECK(!chown(path, geteuid(), -1) && !chown(path, -1, -1));
	close(fd);
	return NULL;
}

static void all(void)
{
	owners(NULL);
	denied(setuid(FOREIGN));
	denied(seteuid(FOREIGN));
	denied(setreuid(FOREIGN, -1));
	denied(setresuid(-1, -1, FOREIGN));
	denied(setgid(FOREIGN));
	denied(setegid(FOREIGN));
	denied(setregid(-1, FOREIGN));
	denied(setresgid(FOREIGN, FOREIGN, FOREIGN));
	CHECK(!setresuid(-1, geteuid(), -1));
}

static void everywhere(char **argv)
{
	char *again[] = { argv[0], argv[1], "again", NULL };
	char self[PATH_MAX] = "";
	pthread_t t;
	pid_t pid;

	all();
	prog_thread(&t, owners, NULL);
	pthread_join(t, NULL);
	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	pid = prog_fork();
	if (!pid)
		_exit(execv(self, again) != 0);
	prog_reap(pid);
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (argc > 2) {
		all();
		return 0;
	}
	if (!geteuid())
		prog_skip("root may be anybody");
	prog_put("owned", "");
	everywhere(argv);
	prog_ready();
	prog_wait();
	everywhere(argv);
	prog_pass();
}
