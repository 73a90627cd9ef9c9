/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job of contrib/demo: counts up, one number per 0.3 seconds. The number, and a token drawn
 * at random when the program started, are kept in memory only, so a line that carries the same
 * token and the next number can come from nothing but the same program going on.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

int main(void)
{
	const struct timespec pause = { .tv_nsec = 300000000 };
	uint32_t token;
	unsigned long n;

	if (getrandom(&token, sizeof(token), 0) != (ssize_t)sizeof(token)) {
		perror("count: getrandom");
		return 1;
	}
	for (n = 1;; n++) {
		if (printf("%lu token %08x\n", n, (unsigned)token) < 0 || fflush(stdout) != 0)
			return 1;
		nanosleep(&pause, NULL);
	}
}
