// SPDX-License-Identifier: Apache-2.0
//
// Times calls in three processes that live at the same time: one under crlaunch, one plain, and
// one more plain, which tells how far two of a kind differ. They take turns every few ms. Prints
// lines of: call.NAME CAIRN PLAIN PLAIN2, in ns per call.
// Usage: pair BUILD DIRECTORY LAUNCHES ROUNDS
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURN_NS 3e6

static const char *const names[] = {
	"getpid", "open+close", "read", "ping-pong", "malloc+free", "fork+wait",
	"fork+exec+wait", "thread+join",
};

enum { CAIRN, PLAIN, PLAIN2, WORKERS };

struct worker {
	pid_t pid;
	FILE *in, *out;
};

static int start(struct worker *w, const char *build, const char *dir, int cpu, bool cairn)
{
	char launch[512], calls[512], number[16];
	const char *argv[] = { launch, "-n", "bench-calls", "-d", dir, "--", calls, number, NULL };
	const char *const *args = cairn ? argv : argv + 6;
	posix_spawn_file_actions_t actions;
	int in[2], out[2], error;

	snprintf(launch, sizeof(launch), "%s/crlaunch", build);
	snprintf(calls, sizeof(calls), "%s/bench/calls", build);
	snprintf(number, sizeof(number), "%d", cpu);
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	error = posix_spawn(&w->pid, args[0], &actions, NULL, (char **)args, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	w->in = fdopen(in[1], "w");
	w->out = fdopen(out[0], "r");
	return -error;
}

static double ask(struct worker *w, unsigned int number, long n)
{
	double ns;

	fprintf(w->in, "%u %ld\n", number, n);
	fflush(w->in);
	if (fscanf(w->out, "%lf", &ns) != 1) {
		fprintf(stderr, "pair: a worker ended\n");
		exit(1);
	}
	return ns / n;
}

static void compare(struct worker *w, unsigned int number, int rounds)
{
	double each, ns[WORKERS];
	long n = 1;
	int i, k;

	/* As many as fit into a turn; the first ones warm up everybody. */
	do {
		each = ask(&w[PLAIN], number, n);
		n *= 2;
	} while (each * n < TURN_NS);
	n = TURN_NS / each + 1;
	for (k = 0; k < WORKERS; k++)
		ask(&w[k], number, n);
	for (i = 0; i < rounds; i++) {
		/* Who comes first changes, so that it favours no one. */
		for (k = 0; k < WORKERS; k++) {
			int turn = (i + k) % WORKERS;

			ns[turn] = ask(&w[turn], number, n);
		}
		printf("call.%s %.2f %.2f %.2f\n", names[number], ns[CAIRN], ns[PLAIN], ns[PLAIN2]);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct worker w[WORKERS];
	unsigned int number;
	int i, k, cpu = sched_getcpu();

	if (argc != 5)
		return 2;
	for (i = 0; i < atoi(argv[3]); i++) {
		for (k = 0; k < WORKERS; k++)
			if (start(&w[k], argv[1], argv[2], cpu, k == CAIRN))
				return 1;
		for (number = 0; number < sizeof(names) / sizeof(*names); number++)
			compare(w, number, atoi(argv[4]));
		for (k = 0; k < WORKERS; k++) {
			fclose(w[k].in);
			fclose(w[k].out);
			waitpid(w[k].pid, NULL, 0);
		}
	}
	return 0;
}
