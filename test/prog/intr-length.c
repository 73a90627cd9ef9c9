// SPDX-License-Identifier: Apache-2.0
/* Three-second waits last at least three seconds of the monotonic clock, not much more. */
#include "prog.h"

#include <poll.h>
#include <semaphore.h>
#include <sys/select.h>

#define LENGTH 3
/* Not a measure of speed: a wait begun anew by each of several checkpoints lasts longer. */
#define AT_MOST 60

static void do_nanosleep(void)
{
	struct timespec ts = { LENGTH, 0 };

	CHECK(!nanosleep(&ts, NULL));
}

static void do_poll(void)
{
	CHECK_EQ(poll(NULL, 0, LENGTH * 1000), 0);
}

static void do_select(void)
{
	struct timeval tv = { LENGTH, 0 };

	CHECK_EQ(select(0, NULL, NULL, NULL, &tv), 0);
}

static void do_usleep(void)
{
	CHECK(!usleep(LENGTH * 1000000));
}

static void do_sem(void)
{
	struct timespec ts;
	sem_t sem;

	CHECK(!sem_init(&sem, 0, 0));
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += LENGTH;
	CHECK(sem_clockwait(&sem, CLOCK_MONOTONIC, &ts) == -1 && errno == ETIMEDOUT);
}

static void do_sleep(void)
{
	CHECK_EQ(sleep(LENGTH), 0);
}

static void (*const waits[])(void) = {
	do_nanosleep, do_poll, do_select, do_usleep, do_sem, do_sleep,
};

static void *thread(void *arg)
{
	long me = (long)arg;
	double start, took;

	do {
		start = prog_now(CLOCK_MONOTONIC);
		waits[me]();
		took = prog_now(CLOCK_MONOTONIC) - start;
		if (took < LENGTH - 0.005 || took > LENGTH + AT_MOST)
			prog_fail(__FILE__, __LINE__, "wait %ld lasted %f s", me, took);
	} while (!prog_done());
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[ARRAY_SIZE(waits)];
	long i;

	prog_init(argc, argv);
	for (i = 0; i < (long)ARRAY_SIZE(waits); i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_ready();
	for (i = 0; i < (long)ARRAY_SIZE(waits); i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
