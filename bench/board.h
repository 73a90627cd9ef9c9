/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a job that is measured and the program that measures it tell each other: one page of a
 * file that both map. Times are of CLOCK_REALTIME, the one clock that a restart does not move.
 */
#ifndef BENCH_BOARD_H
#define BENCH_BOARD_H

#include <stdint.h>
#include <time.h>

#define BOARD_SIZE 4096
#define BOARD_GAPS 240

enum board_order {
	BOARD_NONE,
	BOARD_FORK, /* a bare clone() of the job */
	BOARD_WRITE, /* its memory into a file, then fsync */
	BOARD_COPY, /* its memory by UFFDIO_COPY into fresh memory */
	BOARD_HUGE, /* how much of it lies in huge pages */
};

struct board {
	volatile uint32_t ready;
	volatile uint32_t order; /* set by drive, cleared by the job when done */
	volatile int64_t result[2]; /* ns or bytes; negative: an error number */
	volatile int64_t token; /* when the last one that came round a crowd was sent */
	volatile int64_t longest; /* time that the job did not see pass, since drive cleared it */
	/* Those of a millisecond and more: when they ended and how long they were. */
	volatile uint64_t ngaps;
	struct {
		volatile int64_t end, length;
	} gaps[BOARD_GAPS];
};

_Static_assert(sizeof(struct board) <= BOARD_SIZE, "the board is one page");

static inline int64_t board_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

#endif
