// SPDX-License-Identifier: Apache-2.0
/*
 * Sections without checkpoints: nested, in several threads, over a fork, ended by an exec and by a
 * thread's death. No restart ever begins inside of one.
 */
#include <cairn/cairn.h>

#include "prog.h"

#define N 3

static bool alone;

static void in_section(void)
{
	int life = cairn_restarts(), i;

	CHECK_EQ(cairn_disable(), 1);
	CHECK_EQ(cairn_disable(), 2);
	life = cairn_restarts();
	CHECK_EQ(cairn_checkpoint(), -EDEADLK);
	CHECK(strstr(cairn_error(), "cairn_disable"));
	for (i = 0; i < 5; i++) {
		prog_nap_ms(1);
		CHECK_EQ(cairn_restarts(), life);
	}
	CHECK_EQ(cairn_enable(), 1);
	prog_nap_ms(1);
	CHECK_EQ(cairn_restarts(), life);
	CHECK_EQ(cairn_enable(), 0);
	CHECK_EQ(cairn_enable(), -EINVAL);
}

static void *thread(void *arg)
{
	unsigned int i = (uintptr_t)arg;

	while (!prog_done()) {
		in_section();
		prog_nap_ms(5 + 7 * i);
	}
	return NULL;
}

static void *dies(void *arg)
{
	cairn_disable();
	return NULL;
}

/* What a fork inherits is the section of the thread that forks. */
static void fork_inside(void)
{
	pid_t pid;

	CHECK_EQ(cairn_disable(), 1);
	pid = prog_fork();
	if (!pid) {
		CHECK_EQ(cairn_disable(), 2);
		CHECK_EQ(cairn_enable(), 1);
		CHECK_EQ(cairn_enable(), 0);
		_exit(0);
	}
	CHECK_EQ(cairn_enable(), 0);
	prog_reap(pid);
}

static pid_t exec_inside(void)
{
	pid_t pid = prog_fork();

	if (!pid) {
		CHECK_EQ(cairn_disable(), 1);
		execlp("sleep", "sleep", "10000", NULL);
		_exit(99);
	}
	return pid;
}

int main(int argc, char **argv)
{
	pthread_t t[N], dead;
	uintptr_t i;
	pid_t pid;

	prog_init(argc, argv);
	alone = cairn_restarts() == -ENOSYS;
	if (alone) {
		CHECK_EQ(cairn_disable(), -ENOSYS);
		CHECK_EQ(cairn_enable(), -ENOSYS);
		CHECK(strstr(cairn_error(), "crlaunch"));
		prog_ready();
		prog_wait();
		prog_pass();
	}
	pid = exec_inside();
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_thread(&dead, dies, NULL);
	pthread_join(dead, NULL);
	prog_ready();
	while (!prog_done()) {
		fork_inside();
		prog_nap_ms(20);
	}
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	prog_pass();
}
