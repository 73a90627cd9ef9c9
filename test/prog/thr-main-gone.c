// SPDX-License-Identifier: Apache-2.0
/*
 * A process whose first thread has ended is still called as before, has its command line, and its
 * handlers get the signals that it is sent, by itself and by its child; what it had blocked too.
 */
#include "prog.h"

static volatile sig_atomic_t hits[65];
static pid_t pid, child;
static char name[64];

static void on_signal(int sig)
{
	hits[sig]++;
}

static void check(void)
{
	char path[64], text[4096], want[80];

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", pid);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "%s\n", name);
	CHECK(!strcmp(text, want));
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", pid);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, ") Z "));
}

static void hit(int sig, pid_t from)
{
	int before = hits[sig], i;

	if (!from)
		CHECK(!kill(pid, sig));
	for (i = 0; i < 3000 && hits[sig] == before; i++)
		prog_nap_ms(2);
	CHECK_EQ(hits[sig], before + 1);
}

static void *thread(void *arg)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", pid);
	do {
		prog_nap();
		CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	} while (!strstr(text, ") Z "));
	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", pid);
	CHECK(prog_slurp(path, name, sizeof(name)) > 0);
	name[strcspn(name, "\n")] = 0;
	check();
	hit(SIGTERM, 0);
	prog_ready();
	prog_watch(check);
	hit(SIGTERM, 0);
	hit(SIGUSR1, 0);
	prog_mark("send");
	hit(SIGUSR2, child);
	prog_reap(child);
	prog_pass();
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;
	pthread_t t;

	prog_init(argc, argv);
	pid = getpid();
	CHECK(!sigaction(SIGTERM, &sa, NULL) && !sigaction(SIGUSR1, &sa, NULL) &&
	      !sigaction(SIGUSR2, &sa, NULL));
	child = prog_fork();
	if (!child) {
		prog_await("send");
		CHECK_EQ(getppid(), pid);
		CHECK(!kill(pid, SIGUSR2));
		_exit(0);
	}
	prog_thread(&t, thread, NULL);
	pthread_detach(t);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_exit(NULL);
}
