// SPDX-License-Identifier: Apache-2.0
/* Four gibibytes of touched memory keep their contents. */
#include "prog.h"

#define PAGES (1UL << 20)

int main(int argc, char **argv)
{
	uint64_t *mem;
	unsigned long i, room;
	FILE *f;
	char line[256];

	prog_init(argc, argv);
	room = 0;
	f = fopen("/proc/meminfo", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lu kB", &i) == 1)
			room = i;
	if (f)
		fclose(f);
	if (room < 10UL << 20)
		prog_skip("less than 10 GiB of memory available");
	mem = prog_map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (i = 0; i < PAGES * 512; i++)
		mem[i] = prog_noise(i);
	prog_ready();
	prog_wait();
	for (i = 0; i < PAGES * 512; i++)
		CHECK(mem[i] == prog_noise(i));
	prog_pass();
}
