// SPDX-License-Identifier: Apache-2.0
/* A file mapping that reaches beyond the file's end still faults there with SIGBUS. */
#include "prog.h"

#include <setjmp.h>

#define LEN (8 * PAGE)

static char *shared, *private;
static sigjmp_buf env;

static void on_bus(int sig)
{
	siglongjmp(env, sig);
}

static int faults(char *p)
{
	int sig = sigsetjmp(env, 1);

	if (!sig)
		(void)*(volatile char *)p;
	return sig;
}

static void check(void)
{
	CHECK_EQ(faults(shared + 2 * PAGE), SIGBUS);
	CHECK_EQ(faults(private + 5 * PAGE), SIGBUS);
	CHECK_EQ(faults(shared + PAGE), 0);
	CHECK(prog_filled(shared, PAGE + 100, 66));
	CHECK(prog_zero(shared + PAGE + 100, PAGE - 100));
}

int main(int argc, char **argv)
{
	int fd;

	prog_init(argc, argv);
	signal(SIGBUS, on_bus);
	fd = prog_file("short", PAGE + 100, 66, O_RDWR);
	shared = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	private = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	private[0] = 1;
	prog_ready();
	prog_watch(check);
	CHECK_EQ(private[0], 1);
	CHECK(!ftruncate(fd, LEN));
	CHECK_EQ(faults(shared + 2 * PAGE), 0);
	prog_pass();
}
