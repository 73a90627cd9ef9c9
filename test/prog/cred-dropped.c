// SPDX-License-Identifier: Apache-2.0
/* As servers do: root's children become other users, with groups, in all their threads. */
#include "prog.h"

#include <grp.h>
#include <sys/fsuid.h>

static const gid_t groups[] = { 5, 77, 4711, 100000 };

static void check(void)
{
	uid_t r, e, s;
	gid_t rg, eg, sg, got[16];

	CHECK(!getresuid(&r, &e, &s));
	CHECK_EQ(r, 12345);
	CHECK_EQ(e, 23456);
	CHECK_EQ(s, 34567);
	CHECK(!getresgid(&rg, &eg, &sg));
	CHECK_EQ(rg, 1111);
	CHECK_EQ(eg, 2222);
	CHECK_EQ(sg, 3333);
	CHECK_EQ(setfsuid(-1), 23456);
	CHECK_EQ(setfsgid(-1), 2222);
	CHECK_EQ(getgroups(16, got), ARRAY_SIZE(groups));
	CHECK(!memcmp(got, groups, sizeof(groups)));
	/* Nothing of root is left. */
	CHECK(setresuid(0, -1, -1) && errno == EPERM);
	CHECK(open("/etc/shadow", O_RDONLY) < 0);
}

static void *thread(void *arg)
{
	prog_await("dropped");
	prog_watch(check);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;
	pid_t child;

	prog_init(argc, argv);
	if (geteuid())
		prog_skip("only root can become somebody else");
	CHECK(!chmod(prog_dir, 0777));
	child = prog_fork();
	if (!child) {
		prog_thread(&t, thread, NULL);
		CHECK(!setgroups(ARRAY_SIZE(groups), groups));
		CHECK(!setresgid(1111, 2222, 3333));
		CHECK(!setresuid(12345, 23456, 34567));
		prog_mark("dropped");
		prog_watch(check);
		pthread_join(t, NULL);
		_exit(0);
	}
	prog_await("dropped");
	prog_ready();
	prog_wait();
	CHECK_EQ(getuid(), 0);
	prog_reap(child);
	prog_pass();
}
