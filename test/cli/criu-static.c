// SPDX-License-Identifier: Apache-2.0
//
// A static program for the backend criu: two threads and a timer count, and a file is written in
// place. When WORK/verify is there, it says in WORK/result whether all of that has gone on.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static atomic_long ticks[2], alarms;

static void *tick(void *arg)
{
	for (;;) {
		atomic_fetch_add((atomic_long *)arg, 1);
		usleep(1000);
	}
	return NULL;
}

/* Alarms interrupt every sleep, so the wait is counted in small ones. */
static bool goes_on(atomic_long *counter)
{
	long before = *counter;
	int i;

	for (i = 0; i < 10000 && *counter == before; i++)
		usleep(1000);
	return *counter > before;
}

static void on_alarm(int sig)
{
	atomic_fetch_add(&alarms, 1);
}

static const char *verify(FILE *out, long n)
{
	long line, i = 0;

	rewind(out);
	while (fscanf(out, "%ld", &line) == 1)
		if (line != i++)
			return "FAIL: lines of the file";
	if (i != n)
		return "FAIL: length of the file";
	if (!goes_on(&ticks[0]) || !goes_on(&ticks[1]))
		return "FAIL: a thread stands still";
	return goes_on(&alarms) ? "PASS" : "FAIL: the timer stands still";
}

int main(int argc, char **argv)
{
	struct itimerval every = { { 0, 50000 }, { 0, 50000 } };
	pthread_t t[2];
	FILE *out, *result;
	long n;

	if (argc != 2 || chdir(argv[1]))
		return 2;
	out = fopen("lines", "w+");
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &every, NULL);
	pthread_create(&t[0], NULL, tick, &ticks[0]);
	pthread_create(&t[1], NULL, tick, &ticks[1]);
	for (n = 0; access("verify", F_OK); n++) {
		fprintf(out, "%ld\n", n);
		fflush(out);
		printf("%ld\n", n);
		fflush(stdout);
		if (n == 10)
			fclose(fopen("ready", "w"));
		usleep(20000);
	}
	result = fopen("result.new", "w");
	fprintf(result, "%s\n", verify(out, n));
	fclose(result);
	rename("result.new", "result");
	return 0;
}
