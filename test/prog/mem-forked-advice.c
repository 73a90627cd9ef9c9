// SPDX-License-Identifier: Apache-2.0
/* A child born after DONTFORK and WIPEONFORK: no such region, and an empty one. */
#include "maps.h"

#define LEN (8 * PAGE)

int main(int argc, char **argv)
{
	char *gone, *wiped, *plain;
	pid_t pid;

	prog_init(argc, argv);
	gone = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	wiped = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	plain = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	prog_fill(gone, LEN, 1);
	prog_fill(wiped, LEN, 2);
	prog_fill(plain, LEN, 3);
	CHECK(!madvise(gone, LEN, MADV_DONTFORK) && !madvise(wiped, LEN, MADV_WIPEONFORK));
	pid = prog_fork();
	if (!pid) {
		prog_fill(wiped + PAGE, PAGE, 4);
		prog_mark("up");
		prog_wait();
		CHECK(!maps_line(gone, "", NULL, 0));
		CHECK(prog_zero(wiped, PAGE));
		CHECK(prog_filled(wiped + PAGE, PAGE, 4));
		CHECK(prog_filled(plain, LEN, 3));
		_exit(0);
	}
	prog_await("up");
	prog_fill(plain, LEN, 5);
	prog_ready();
	prog_wait();
	CHECK(prog_filled(gone, LEN, 1));
	CHECK(prog_filled(wiped, LEN, 2));
	CHECK(prog_filled(plain, LEN, 5));
	prog_reap(pid);
	prog_pass();
}
