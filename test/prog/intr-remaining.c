// SPDX-License-Identifier: Apache-2.0
/* An interrupted sleep reports the remaining time although the job was stopped in between. */
#include "prog.h"

static void on_signal(int sig)
{
	(void)sig;
}

static void *thread(void *arg)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct timespec ts = { 100000, 0 }, rem = { 0, 0 };

	CHECK(!sigaction(SIGUSR1, &sa, NULL));
	prog_mark("up");
	/* Only the program's own signal ends it. */
	CHECK(nanosleep(&ts, &rem) == -1 && errno == EINTR);
	CHECK(prog_has("verify"));
	CHECK(rem.tv_sec > 90000 && rem.tv_sec < 100000);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	prog_thread(&t, thread, NULL);
	prog_await("up");
	prog_nap_ms(50);
	prog_ready();
	prog_wait();
	CHECK(!pthread_kill(t, SIGUSR1));
	pthread_join(t, NULL);
	prog_pass();
}
