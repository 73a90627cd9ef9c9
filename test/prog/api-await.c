// SPDX-License-Identifier: Apache-2.0
/* A thread is told of each restart; timeouts are no longer for all the checkpoints. */
#include <cairn/cairn.h>

#include "prog.h"

static _Atomic int lives;

static void *thread(void *arg)
{
	int seen = 0;

	for (;;) {
		int now = cairn_await_restart(seen, -1);

		/* Signals of the test's own: there are none. */
		CHECK_EQ(now, seen + 1);
		CHECK_EQ(now, cairn_restarts());
		seen = now;
		lives = seen;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	if (cairn_restarts() == -ENOSYS) {
		CHECK_EQ(cairn_await_restart(0, -1), -ENOSYS);
		prog_ready();
		prog_wait();
		prog_pass();
	}
	CHECK_EQ(cairn_await_restart(-1, -1), 0);
	prog_thread(&t, thread, NULL);
	prog_ready();
	while (!prog_done()) {
		int before = cairn_restarts(), ret = cairn_await_restart(before, 20);

		CHECK(ret == -ETIMEDOUT || ret == before + 1);
	}
	while (lives != cairn_restarts())
		prog_nap();
	CHECK(lives > 1);
	prog_pass();
}
