// SPDX-License-Identifier: Apache-2.0
//
// Calls of everyday, to be timed with and without Cairn. Reads lines "NUMBER COUNT" and answers
// each with the ns that COUNT of them took; without a line more it ends.
// Usage: calls CPU      (all of its processes stay on it)
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int zero, to_peer[2], to_us[2];

static void do_getpid(long n)
{
	while (n-- > 0)
		syscall(SYS_getpid);
}

static void do_open(long n)
{
	while (n-- > 0)
		close(open("/dev/null", O_RDONLY));
}

static void do_read(long n)
{
	char c;

	while (n-- > 0)
		if (read(zero, &c, 1) != 1)
			exit(1);
}

static void do_pingpong(long n)
{
	char c = 0;

	while (n-- > 0)
		if (write(to_peer[1], &c, 1) != 1 || read(to_us[0], &c, 1) != 1)
			exit(1);
}

static void do_malloc(long n)
{
	static void *volatile slots[64];

	for (long i = 0; i < n; i++) {
		free(slots[i % 64]);
		slots[i % 64] = malloc(16 + i * 67 % 1000);
	}
}

static void do_fork(long n)
{
	while (n-- > 0) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static void do_exec(long n)
{
	while (n-- > 0) {
		pid_t pid = fork();

		if (!pid) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
}

static void *nothing(void *arg)
{
	return arg;
}

static void do_thread(long n)
{
	pthread_t t;

	while (n-- > 0) {
		if (pthread_create(&t, NULL, nothing, NULL))
			exit(1);
		pthread_join(t, NULL);
	}
}

/* The order is that of the names in bench/pair.c. */
static void (*const calls[])(long n) = {
	do_getpid, do_open, do_read, do_pingpong, do_malloc, do_fork, do_exec, do_thread,
};

static void start_peer(void)
{
	char c;

	if (pipe2(to_peer, O_CLOEXEC) || pipe2(to_us, O_CLOEXEC))
		exit(1);
	if (fork())
		return;
	close(to_peer[1]);
	close(to_us[0]);
	while (read(to_peer[0], &c, 1) == 1 && write(to_us[1], &c, 1) == 1)
		;
	_exit(0);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned int number;
	cpu_set_t set;
	long n;

	CPU_ZERO(&set);
	CPU_SET(argc > 1 ? atoi(argv[1]) : 0, &set);
	sched_setaffinity(0, sizeof(set), &set);
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	start_peer();
	while (scanf("%u %ld", &number, &n) == 2) {
		long long start = now_ns();

		if (number >= sizeof(calls) / sizeof(*calls))
			return 1;
		calls[number](n);
		printf("%lld\n", now_ns() - start);
		fflush(stdout);
	}
	return 0;
}
