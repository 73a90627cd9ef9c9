/* SPDX-License-Identifier: Apache-2.0 */
/* A stopped child with several threads, in system calls and computing, none of which moves. */
#include "prog.h"

struct board {
	_Atomic unsigned long count[3];
	_Atomic int handled, interrupted;
};

static struct board *board;

static void on_usr1(int sig)
{
	board->handled++;
}

static void *spin(void *arg)
{
	for (;;)
		board->count[(long)arg]++;
	return NULL;
}

static void *sleeper(void *arg)
{
	for (;;) {
		prog_nap_ms(1);
		board->count[2]++;
	}
	return NULL;
}

static void child(void)
{
	struct sigaction act = { .sa_handler = on_usr1 };
	pthread_t t;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prog_thread(&t, spin, (void *)0);
	prog_thread(&t, spin, (void *)1);
	prog_thread(&t, sleeper, NULL);
	sigaction(SIGUSR1, &act, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	prog_mark("up");
	while (pause() < 0 && errno == EINTR)
		board->interrupted++;
}

static unsigned long seen[3];

static void check(void)
{
	int i;

	for (i = 0; i < 3; i++)
		CHECK_EQ(board->count[i], seen[i]);
	CHECK_EQ(board->handled, 0);
	CHECK_EQ(board->interrupted, 0);
}

int main(int argc, char **argv)
{
	int status, i;
	pid_t pid;

	prog_init(argc, argv);
	board = prog_map(sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	pid = prog_fork();
	if (!pid)
		child();
	prog_await("up");
	while (!board->count[0] || !board->count[1] || !board->count[2])
		prog_nap();
	prog_nap_ms(100);
	kill(pid, SIGSTOP);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	/* Waits until it goes on. */
	kill(pid, SIGUSR1);
	for (i = 0; i < 3; i++)
		seen[i] = board->count[i];
	prog_ready();
	prog_watch(check);
	kill(pid, SIGCONT);
	for (i = 0; i < 3; i++)
		while (board->count[i] == seen[i])
			prog_nap();
	while (!board->handled || !board->interrupted)
		prog_nap();
	CHECK_EQ(board->handled, 1);
	CHECK_EQ(board->interrupted, 1);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	prog_pass();
}
