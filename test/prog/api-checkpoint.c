// SPDX-License-Identifier: Apache-2.0
/*
 * Threads of two processes ask for checkpoints, at once and in between those that others make, and
 * each is told whether it was saved or restarted.
 */
#include <cairn/cairn.h>

#include "prog.h"

#define N 8

static pthread_barrier_t together;
static _Atomic bool over;
static bool alone;

static void ask(void)
{
	int before = cairn_restarts(), result = cairn_checkpoint(), after = cairn_restarts();

	if (alone) {
		CHECK_EQ(result, -ENOSYS);
		return;
	}
	if (result < 0)
		prog_fail(__FILE__, __LINE__, "cairn_checkpoint: %d, %s", result, cairn_error());
	CHECK_EQ(after, before + (result == CAIRN_RESTARTED));
	CHECK(result == CAIRN_SAVED || result == CAIRN_RESTARTED);
	CHECK(!*cairn_error());
}

static void *thread(void *first)
{
	while (!over) {
		pthread_barrier_wait(&together);
		ask();
		pthread_barrier_wait(&together);
		if (first)
			over = prog_done();
		pthread_barrier_wait(&together);
		prog_nap_ms(100);
	}
	return NULL;
}

static void child(void)
{
	while (!prog_done()) {
		ask();
		prog_nap_ms(130);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	struct cairn_job_info job = { .size = sizeof(job) };
	pthread_t t[N];
	pid_t pid;
	int i, ret;

	prog_init(argc, argv);
	alone = cairn_restarts() == -ENOSYS;
	CHECK(!pthread_barrier_init(&together, NULL, N));
	pid = prog_fork();
	if (!pid)
		child();
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, i ? NULL : &t[i]);
	prog_ready();
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	prog_reap(pid);
	ret = cairn_job(&job);
	if (alone) {
		CHECK_EQ(ret, -ENOSYS);
		prog_pass();
	}
	CHECK_EQ(ret, 0);
	CHECK_EQ(job.size, sizeof(job));
	CHECK_EQ((int)job.restarts, cairn_restarts());
	CHECK(job.checkpoint >= 2);
	CHECK_EQ((int)job.members, 1);
	CHECK(!strcmp(job.name, "job"));
	CHECK(strstr(job.directory, "/ckpt/job"));
	prog_pass();
}
