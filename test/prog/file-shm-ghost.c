// SPDX-License-Identifier: Apache-2.0
/* Files of /dev/shm: named, removed, and mapped. */
#include "prog.h"

int main(int argc, char **argv)
{
	unsigned char *map;
	char name[64];
	int there, gone;
	char buf[8];

	prog_init(argc, argv);
	snprintf(name, sizeof(name), "/dev/shm/cairn-test-%d", getpid());
	there = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (there < 0)
		prog_skip("no /dev/shm");
	CHECK(!ftruncate(there, 3 * PAGE));
	map = prog_map(3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, there);
	map[PAGE] = 'm';
	CHECK_EQ(pwrite(there, "w", 1, 2 * PAGE), 1);
	gone = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
	CHECK(gone >= 0 && write(gone, "gone", 4) == 4);
	prog_ready();
	prog_wait();
	CHECK(map[PAGE] == 'm' && map[2 * PAGE] == 'w');
	map[0] = 'n';
	CHECK(pread(there, buf, 1, 0) == 1 && buf[0] == 'n');
	CHECK(pread(gone, buf, 8, 0) == 4 && !memcmp(buf, "gone", 4));
	CHECK(!unlink(name));
	prog_pass();
}
