// SPDX-License-Identifier: Apache-2.0
/* Mappings moved, split and enlarged by mremap and overlaid by others stay as they are. */
#include "maps.h"

#define LEN (32 * PAGE)

int main(int argc, char **argv)
{
	char *a, *b, *to;
	int fd;

	prog_init(argc, argv);
	a = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	prog_fill(a, LEN, 90);
	to = prog_map(2 * LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(mremap(a, LEN / 2, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	fd = prog_file("part", LEN, 91, O_RDONLY);
	b = mmap(to + LEN / 4, PAGE * 2, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 5 * PAGE);
	CHECK(b == to + LEN / 4);
	prog_ready();
	prog_wait();
	CHECK(prog_filled(to, LEN / 4, 90));
	CHECK(pread(fd, to, 2 * PAGE, 5 * PAGE) == (ssize_t)(2 * PAGE));
	CHECK(!memcmp(to, b, 2 * PAGE));
	CHECK(prog_zero(to + LEN / 2, LEN / 2));
	CHECK(maps_perm(to + LEN, "---p"));
	to = mremap(to + LEN / 2, LEN / 2, 8 * LEN, MREMAP_MAYMOVE);
	CHECK(to != MAP_FAILED);
	prog_fill(to, 8 * LEN, 92);
	prog_pass();
}
