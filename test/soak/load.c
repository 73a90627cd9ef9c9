// SPDX-License-Identifier: Apache-2.0
/* A load of processes and threads whose output depends on nothing but the number of rounds. */
#include "../prog/prog.h"

#define WORKERS 3
#define THREADS 3
#define MEM (1UL << 20)

struct line {
	int64_t worker, n;
	uint64_t sum;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static uint64_t *mem, sum;
static int64_t next, worker;
static int out;

static uint64_t chain(uint64_t before, int64_t who, int64_t n)
{
	return prog_noise(before ^ who << 56 ^ n);
}

/* Each line is made from the one before and from memory, by the threads of a worker in turn. */
static void *thread(void *arg)
{
	int64_t me = (long)arg;
	struct line l;

	pthread_mutex_lock(&lock);
	for (;;) {
		while (next % THREADS != me)
			pthread_cond_wait(&turned, &lock);
		sum = chain(sum, worker, next);
		mem[next * 521 % (MEM / 8)] = sum;
		if (mem[next * 521 % (MEM / 8)] != sum)
			_exit(1);
		l = (struct line){ worker, next++, sum };
		/* The end of the collector is the end of the worker. */
		if (write(out, &l, sizeof(l)) != sizeof(l))
			_exit(0);
		pthread_cond_broadcast(&turned);
	}
}

static void work(int fd)
{
	pthread_t t;
	long i;

	signal(SIGPIPE, SIG_IGN);
	out = fd;
	mem = prog_map(MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (i = 1; i < THREADS; i++)
		prog_thread(&t, thread, (void *)i);
	thread(NULL);
}

static void progress(int64_t round)
{
	char text[32];
	int fd = open(prog_path("progress"), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	int len = snprintf(text, sizeof(text), "%012ld\n", (long)round);

	if (fd < 0 || pwrite(fd, text, len, 0) != len)
		exit(3);
	close(fd);
}

/* usage: load DIR [ROUNDS]; without a number, until there is a file "stop" in DIR */
int main(int argc, char **argv)
{
	int64_t round, rounds = argc > 2 ? atol(argv[2]) : INT64_MAX;
	uint64_t sums[WORKERS] = { 0 };
	int p[WORKERS][2], i, k;
	pid_t kids[WORKERS];
	struct line l;

	prog_init(argc, argv);
	for (i = 0; i < WORKERS; i++) {
		CHECK(!pipe(p[i]));
		kids[i] = prog_fork();
		worker = i;
		if (!kids[i]) {
			for (k = 0; k <= i; k++)
				close(p[k][0]);
			work(p[i][1]);
		}
		close(p[i][1]);
	}
	for (round = 0; round < rounds; round++) {
		if (rounds == INT64_MAX && round % 16 == 0) {
			progress(round);
			if (prog_has("stop"))
				break;
		}
		for (i = 0; i < WORKERS; i++) {
			if (read(p[i][0], &l, sizeof(l)) != sizeof(l))
				return 4;
			sums[i] = chain(sums[i], i, round);
			if (l.worker != i || l.n != round || l.sum != sums[i])
				return 5;
			printf("%d %ld %016lx\n", i, (long)l.n, (long)l.sum);
		}
		if (rounds == INT64_MAX)
			prog_nap_ms(1);
	}
	for (i = 0; i < WORKERS; i++)
		close(p[i][0]);
	for (i = 0; i < WORKERS; i++)
		prog_reap(kids[i]);
	return 0;
}
