// SPDX-License-Identifier: Apache-2.0
//
// Counts the signals that somebody outside the job sends, in a thread that has blocked the agent's
// signal, its argument, behind libc's back: so each checkpoint has to seize it. The signals carry
// numbers. In the file seen is how many have come, in sent at last how many there are.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST (1 << 24)

static atomic_int *seen, twice;
static char got[MOST];

static void on_signal(int sig, siginfo_t *info, void *uc)
{
	int n = info->si_value.sival_int;

	if (n < 0 || n >= MOST || got[n]++)
		twice++;
	++*seen;
}

static void *take(void *agents)
{
	unsigned long set = 1ul << (*(int *)agents - 1);

	for (;;) {
		syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
		pause();
	}
}

static int all_sent(int *sent)
{
	FILE *f = fopen("sent", "r");
	int n = f ? fscanf(f, "%d", sent) : 0;

	if (f)
		fclose(f);
	return n == 1;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	int agents = atoi(argv[1]), sent, before = 0, idle = 0;
	pthread_t t;
	sigset_t set;

	seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open("seen", O_RDWR), 0);
	sigaction(SIGRTMIN + 3, &action, NULL);
	pthread_create(&t, NULL, take, &agents);
	sigfillset(&set);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	fclose(fopen("ready", "w"));
	while (!all_sent(&sent) || (*seen < sent && idle < 500)) {
		usleep(10000);
		idle = *seen == before ? idle + 1 : 0;
		before = *seen;
	}
	printf("%d of %d signals, %d twice\n", (int)*seen, sent, (int)twice);
	return *seen == sent && !twice ? 0 : 1;
}
