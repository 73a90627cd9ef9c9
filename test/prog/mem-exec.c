// SPDX-License-Identifier: Apache-2.0
/* Machine code written at run time stays executable, also behind a read-only mapping. */
#include "maps.h"

typedef int (*func)(void);

/* mov $value,%eax; ret */
static void emit(char *p, int value)
{
	p[0] = 0xb8;
	memcpy(p + 1, &value, 4);
	p[5] = 0xc3;
}

static func f, g;

static void check(void)
{
	CHECK_EQ(f(), 1234);
	CHECK_EQ(g(), 5678);
}

int main(int argc, char **argv)
{
	char *rx, *rwx;

	prog_init(argc, argv);
	rx = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	emit(rx, 1234);
	CHECK(!mprotect(rx, PAGE, PROT_READ | PROT_EXEC));
	rwx = prog_map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	emit(rwx, 5678);
	f = (func)(void *)rx;
	g = (func)(void *)rwx;
	prog_ready();
	prog_watch(check);
	CHECK(maps_perm(rx, "r-xp") && maps_perm(rwx, "rwxp"));
	emit(rwx, 91);
	CHECK_EQ(g(), 91);
	prog_pass();
}
