// SPDX-License-Identifier: Apache-2.0
/*
 * A thread that is stopped later than others, since it blocks signals behind libc's back, sends
 * queued signals to another process all the time: also when that one has been stopped already.
 */
#include "prog.h"

#include <sys/mman.h>
#include <sys/syscall.h>

static struct shared {
	_Atomic int sent, received;
	_Atomic bool over, all_sent;
} * shared;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	CHECK_EQ(si->si_value.sival_int, shared->received);
	shared->received++;
}

static pid_t other;

static void *send(void *arg)
{
	uint64_t all = ~0ull;

	while (!shared->over) {
		CHECK(!syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8));
		if (shared->sent - shared->received < 1000)
			CHECK(!sigqueue(other, SIGRTMIN + 1,
					(union sigval){ .sival_int = shared->sent++ }));
		usleep(20);
	}
	shared->all_sent = true;
	return NULL;
}

static void child(void)
{
	pthread_t t;

	prog_thread(&t, send, NULL);
	pthread_join(t, NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	pid_t pid;

	prog_init(argc, argv);
	other = getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED);
	CHECK(!sigaction(SIGRTMIN + 1, &action, NULL));
	pid = prog_fork();
	if (!pid)
		child();
	while (shared->received < 10)
		prog_nap_ms(1);
	prog_ready();
	while (!prog_done())
		prog_nap();
	shared->over = true;
	while (!shared->all_sent || shared->received < shared->sent)
		prog_nap_ms(1);
	prog_reap(pid);
	prog_pass();
}
