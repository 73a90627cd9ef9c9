// SPDX-License-Identifier: Apache-2.0
//
// MPI under load: each rank sends numbered messages of all lengths around a ring, to all others at
// once and to whoever takes them, and checks every byte of what it gets. Rank 0 tells by files in
// WORK that it is ready and how it ended, and stops when WORK/verify is there.
// Compiled and started by the tests of MPI; arguments: WORK [TURNS before ready].
#include <fcntl.h>
#include <mpi.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Above what any transport sends at once: longer ones are fetched by the receiver (CMA).
#define LONGEST (1 << 20)
#define BURST 6

struct head {
	uint64_t number;
	uint32_t from;
	uint32_t length;
};

static const char *work;
static int rank, ranks;
static uint64_t *sent, *got;
static unsigned char *out[BURST], *in[BURST];

static void put(const char *name, const char *text)
{
	char from[4096], to[4096];
	FILE *f;

	snprintf(from, sizeof(from), "%s/%s.new%d", work, name, rank);
	snprintf(to, sizeof(to), "%s/%s", work, name);
	f = fopen(from, "w");
	if (f) {
		fputs(text, f);
		fclose(f);
		rename(from, to);
	}
}

static void __attribute__((format(printf, 1, 2), noreturn)) fail(const char *format, ...)
{
	char text[300];
	va_list args;
	int n = snprintf(text, sizeof(text), "FAIL: rank %d: ", rank);

	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	va_end(args);
	fprintf(stderr, "%s\n", text);
	put("result", text);
	MPI_Abort(MPI_COMM_WORLD, 1);
	_exit(1);
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9;
	return x ^ (x >> 32);
}

// Every tenth is long, the others are short.
static uint32_t length_of(uint64_t seed)
{
	uint64_t x = mix(seed);
	uint32_t most = x % 10 == 0 ? LONGEST : x % 10 < 4 ? 100 : 10000;

	return (uint32_t)(sizeof(struct head) + (x >> 8) % (most - sizeof(struct head)) / 8 * 8);
}

static void fill(unsigned char *at, int to)
{
	uint64_t seed = (uint64_t)rank << 56 | (uint64_t)to << 48 | sent[to]++;
	struct head h = { .number = seed, .from = (uint32_t)rank, .length = length_of(seed) };
	uint32_t i;

	memcpy(at, &h, sizeof(h));
	for (i = sizeof(h); i < h.length; i += 8) {
		uint64_t word = seed * 31 + i;

		memcpy(at + i, &word, 8);
	}
}

static uint32_t length_at(const unsigned char *at)
{
	struct head h;

	memcpy(&h, at, sizeof(h));
	return h.length;
}

static void check(unsigned char *at, int from, long length, const char *how)
{
	uint64_t seed = (uint64_t)from << 56 | (uint64_t)rank << 48 | got[from]++;
	struct head h;
	uint32_t i;

	memcpy(&h, at, sizeof(h));
	if (h.number != seed || h.from != (uint32_t)from || h.length != length_of(seed))
		fail("%s: message %#lx of length %u from %d (%u), not %#lx", how, h.number,
		     h.length, from, h.from, seed);
	if (length >= 0 && length != h.length)
		fail("%s: %ld bytes came of %u", how, length, h.length);
	for (i = sizeof(h); i < h.length; i += 8) {
		uint64_t word;

		memcpy(&word, at + i, 8);
		if (word != seed * 31 + i)
			fail("%s: message %#lx differs at byte %u", how, seed, i);
	}
	memset(at, 0, h.length);
}

// Several at once to the next, while as many come from the one before.
static void ring(void)
{
	MPI_Request requests[2 * BURST];
	MPI_Status states[2 * BURST];
	int i, length;

	for (i = 0; i < BURST; i++)
		MPI_Irecv(in[i], LONGEST, MPI_BYTE, (rank + ranks - 1) % ranks, 1, MPI_COMM_WORLD,
			  &requests[i]);
	for (i = 0; i < BURST; i++) {
		fill(out[i], (rank + 1) % ranks);
		MPI_Isend(out[i], (int)length_at(out[i]), MPI_BYTE, (rank + 1) % ranks, 1,
			  MPI_COMM_WORLD, &requests[BURST + i]);
	}
	MPI_Waitall(2 * BURST, requests, states);
	for (i = 0; i < BURST; i++) {
		MPI_Get_count(&states[i], MPI_BYTE, &length);
		check(in[i], (rank + ranks - 1) % ranks, length, "ring");
	}
}

// One to each other, received in the order in which they come.
static void any(void)
{
	MPI_Request *requests = calloc((size_t)ranks, sizeof(*requests));
	int i, length, n = 0;

	for (i = 0; i < ranks; i++) {
		if (i == rank)
			continue;
		fill(out[n], i);
		MPI_Issend(out[n], (int)length_at(out[n]), MPI_BYTE, i, 2, MPI_COMM_WORLD,
			   &requests[n]);
		n++;
	}
	for (i = 0; i < n; i++) {
		MPI_Status state;

		MPI_Recv(in[i], LONGEST, MPI_BYTE, MPI_ANY_SOURCE, 2, MPI_COMM_WORLD, &state);
		MPI_Get_count(&state, MPI_BYTE, &length);
		check(in[i], state.MPI_SOURCE, length, "any");
	}
	MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
	free(requests);
}

static void all_to_all(void)
{
	int piece = LONGEST / 8, i;
	static unsigned char *from, *to;

	if (!from) {
		from = malloc((size_t)(piece * ranks));
		to = malloc((size_t)(piece * ranks));
	}
	for (i = 0; i < ranks; i++) {
		// Only what fits: the others are skipped, on both sides alike.
		while (length_of((uint64_t)rank << 56 | (uint64_t)i << 48 | sent[i]) >
		       (uint32_t)piece)
			sent[i]++;
		while (length_of((uint64_t)i << 56 | (uint64_t)rank << 48 | got[i]) >
		       (uint32_t)piece)
			got[i]++;
		fill(from + i * piece, i);
	}
	MPI_Alltoall(from, piece, MPI_BYTE, to, piece, MPI_BYTE, MPI_COMM_WORLD);
	for (i = 0; i < ranks; i++)
		check(to + i * piece, i, -1, "alltoall");
}

static void sums(long turn)
{
	double one = (double)(rank + 1) * (double)turn, sum;

	MPI_Allreduce(&one, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
	if (sum != ranks * (ranks + 1) / 2. * (double)turn)
		fail("turn %ld: the sum is %g", turn, sum);
}

static int over(void)
{
	char path[4096];
	int yes;

	snprintf(path, sizeof(path), "%s/verify", work);
	yes = rank == 0 && access(path, F_OK) == 0;
	MPI_Bcast(&yes, 1, MPI_INT, 0, MPI_COMM_WORLD);
	return yes;
}

int main(int argc, char **argv)
{
	long turn, first;
	int i;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	work = argv[1];
	first = argc > 2 ? atol(argv[2]) : 5;
	sent = calloc((size_t)ranks, sizeof(*sent));
	got = calloc((size_t)ranks, sizeof(*got));
	for (i = 0; i < BURST; i++) {
		out[i] = malloc(LONGEST);
		in[i] = malloc(LONGEST);
	}
	if (argc < 2 || ranks - 1 > BURST || ranks < 2)
		fail("usage: mpi WORK [TURNS], for 2 to %d ranks", BURST + 1);
	if (rank == 0) {
		printf("begin\n");
		fflush(stdout);
	}
	for (turn = 1; !over(); turn++) {
		char text[32];

		ring();
		any();
		all_to_all();
		sums(turn);
		if (rank == 0 && turn == first)
			put("ready", "");
		if (rank == 0) {
			snprintf(text, sizeof(text), "%ld\n", turn);
			put("turns", text);
		}
	}
	MPI_Barrier(MPI_COMM_WORLD);
	if (rank == 0) {
		printf("end\n");
		fflush(stdout);
		/* MPICH's MPI_Finalize hangs now and then between two nodes, also by itself. */
		put("result", "PASS\n");
	}
	MPI_Finalize();
	return 0;
}
