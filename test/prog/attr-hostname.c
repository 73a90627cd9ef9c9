// SPDX-License-Identifier: Apache-2.0
/* A host name of the program's own, which a child shares and another process does not see. */
#include "prog.h"

#include <sys/utsname.h>

static struct utsname outside;

static bool named(const char *node, const char *domain)
{
	struct utsname u;

	CHECK(!uname(&u));
	return !strcmp(u.nodename, node) && !strcmp(u.domainname, domain);
}

static void check_outside(void)
{
	CHECK(named(outside.nodename, outside.domainname));
}

static void check_inside(void)
{
	CHECK(named("cairn-test", "example.org"));
}

int main(int argc, char **argv)
{
	pid_t before, after;

	prog_init(argc, argv);
	CHECK(!uname(&outside));
	before = prog_fork();
	if (!before) {
		prog_watch(check_outside);
		_exit(0);
	}
	if (unshare(CLONE_NEWUTS)) {
		kill(before, SIGKILL);
		prog_skip("no privilege to make a namespace");
	}
	CHECK(!sethostname("cairn-test", 10));
	CHECK(!setdomainname("example.org", 11));
	after = prog_fork();
	if (!after) {
		prog_watch(check_inside);
		prog_mark("watched");
		prog_await("renamed");
		CHECK(named("other", "example.org"));
		_exit(0);
	}
	prog_ready();
	prog_watch(check_inside);
	prog_await("watched");
	CHECK(!sethostname("other", 5));
	prog_mark("renamed");
	prog_reap(after);
	prog_reap(before);
	prog_pass();
}
