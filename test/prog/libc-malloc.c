// SPDX-License-Identifier: Apache-2.0
/* Allocation from the arenas of several threads goes on with everything intact. */
#include "prog.h"

#define SLOTS 64

static void *thread(void *arg)
{
	uint64_t r = (long)arg;
	size_t len[SLOTS] = { 0 };
	char *p[SLOTS] = { 0 };
	int i;

	while (!prog_has("verify")) {
		for (i = 0; i < 500; i++) {
			int s = (r = prog_noise(r)) % SLOTS;

			CHECK(!p[s] || prog_filled(p[s], len[s] < 64 ? len[s] : 64, s));
			free(p[s]);
			len[s] = (r >> 32) % (r % 16 ? 3000 : 300000);
			p[s] = malloc(len[s] + 1);
			CHECK(p[s]);
			prog_fill(p[s], len[s] < 64 ? len[s] : 64, s);
		}
		prog_nap_ms(1);
	}
	for (i = 0; i < SLOTS; i++)
		free(p[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[4];
	long i;

	prog_init(argc, argv);
	for (i = 0; i < 4; i++)
		prog_thread(&t[i], thread, (void *)(i + 1));
	prog_ready();
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
