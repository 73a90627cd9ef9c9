// SPDX-License-Identifier: Apache-2.0
/*
 * Processes that have used up all their descriptors: by the soft limit, by the hard one, with more
 * threads than one, with a table that two processes have.
 */
#include "prog.h"

#define LIMIT 64

static struct rlimit limits;
static int first;

/* A verdict is a file. */
#undef CHECK
#define CHECK(c)                                                   \
	do {                                                       \
		if (!(c)) {                                        \
			int error = errno;                         \
			close(LIMIT - 1);                          \
			errno = error;                             \
			prog_fail(__FILE__, __LINE__, "%s", #c);   \
		}                                                  \
	} while (0)

static void full(void)
{
	struct rlimit l;
	int i;

	for (i = 0; i < LIMIT; i++)
		CHECK(fcntl(i, F_GETFD) == (i >= first && i % 3 == 0 ? FD_CLOEXEC : 0));
	CHECK(dup(0) == -1 && errno == EMFILE);
	CHECK(!getrlimit(RLIMIT_NOFILE, &l));
	CHECK(l.rlim_cur == limits.rlim_cur && l.rlim_max == limits.rlim_max);
}

static void fill(rlim_t hard)
{
	int fd;

	close_range(3, ~0u, 0);
	limits = (struct rlimit){ LIMIT, hard };
	CHECK(!setrlimit(RLIMIT_NOFILE, &limits));
	first = dup(0);
	CHECK(first > 0);
	do {
		fd = dup(0);
		if (fd > 0 && fd % 3 == 0)
			CHECK(!fcntl(fd, F_SETFD, FD_CLOEXEC));
	} while (fd >= 0);
	CHECK(!fcntl(first, F_SETFD, first % 3 ? 0 : FD_CLOEXEC));
	full();
}

static void *idle(void *unused)
{
	prog_wait();
	return NULL;
}

/* 0: soft, 1: hard, 2: hard with threads, 3: hard and shared */
static pid_t start(int how)
{
	struct rlimit l;
	pthread_t t;
	pid_t pid = prog_fork(), other = 0;

	if (pid)
		return pid;
	CHECK(!getrlimit(RLIMIT_NOFILE, &l));
	if (how == 2)
		prog_thread(&t, idle, NULL);
	prog_mark(((const char *[]){ "soft", "hard", "threads", "shared" })[how]);
	fill(how ? LIMIT : l.rlim_max);
	if (how == 3)
		other = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	CHECK(other >= 0);
	while (access(prog_path("verify"), F_OK))
		prog_nap();
	full();
	if (how == 2)
		pthread_join(t, NULL);
	if (how == 3 && other)
		prog_reap(other);
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t pids[4];
	int i;

	prog_init(argc, argv);
	for (i = 0; i < 4; i++)
		pids[i] = start(i);
	prog_await("soft");
	prog_await("hard");
	prog_await("threads");
	prog_await("shared");
	prog_nap_ms(100);
	prog_ready();
	prog_wait();
	for (i = 0; i < 4; i++)
		prog_reap(pids[i]);
	prog_pass();
}
