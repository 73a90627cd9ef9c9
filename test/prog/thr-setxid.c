// SPDX-License-Identifier: Apache-2.0
/*
 * libc asks all threads by a signal of its own, and waits until each has answered, when one sets
 * the process's ids; by another it cancels a thread. Handlers that are in place serve afterwards.
 */
#include "prog.h"

static gid_t want;

/* The kernel's, of the thread that calls. */
static void check(void)
{
	gid_t r, e, s;

	CHECK(!syscall(SYS_getresgid, &r, &e, &s));
	CHECK_EQ(r, getgid());
	CHECK_EQ(e, __atomic_load_n(&want, __ATOMIC_SEQ_CST));
}

static void *sleeper(void *arg)
{
	prog_await("changed");
	check();
	return NULL;
}

__attribute__((noreturn))
static void *spinner(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		__asm__ volatile("pause");
}

static void cancel(void)
{
	pthread_t t;
	void *ret;

	prog_thread(&t, spinner, NULL);
	prog_nap();
	CHECK_EQ(pthread_cancel(t), 0);
	CHECK(!pthread_join(t, &ret));
	CHECK(ret == PTHREAD_CANCELED);
}

static void change(gid_t group)
{
	int i;

	__atomic_store_n(&want, group, __ATOMIC_SEQ_CST);
	for (i = 0; i < 20; i++)
		CHECK(!setresgid(-1, group, -1));
	check();
}

int main(int argc, char **argv)
{
	gid_t other = geteuid() ? getegid() : 1234;
	pthread_t t[4], spins;
	void *ret;
	int i;

	prog_init(argc, argv);
	for (i = 0; i < 4; i++)
		prog_thread(&t[i], sleeper, NULL);
	change(other);
	change(getgid());
	cancel();
	prog_thread(&spins, spinner, NULL);
	prog_ready();
	prog_wait();
	change(other);
	cancel();
	CHECK_EQ(pthread_cancel(spins), 0);
	CHECK(!pthread_join(spins, &ret));
	CHECK(ret == PTHREAD_CANCELED);
	prog_mark("changed");
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
