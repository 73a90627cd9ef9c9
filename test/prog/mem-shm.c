// SPDX-License-Identifier: Apache-2.0
/* A POSIX shared memory object, open and mapped by name, removed only afterwards. */
#include "prog.h"

#define LEN (16 * PAGE)

int main(int argc, char **argv)
{
	char name[64], *mem, *again;
	int fd, other;

	prog_init(argc, argv);
	snprintf(name, sizeof(name), "/cairn-test-%d-%lx", getpid(), time(NULL));
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, LEN));
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	prog_fill(mem, LEN, 8);
	prog_ready();
	prog_wait();
	CHECK(prog_filled(mem, LEN, 8));
	other = shm_open(name, O_RDWR, 0);
	CHECK(other >= 0);
	again = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, other);
	mem[0] = 1;
	again[PAGE] = 2;
	CHECK(again[0] == 1 && mem[PAGE] == 2);
	CHECK(!shm_unlink(name));
	prog_pass();
}
