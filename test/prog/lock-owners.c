// SPDX-License-Identifier: Apache-2.0
/*
 * /proc/locks names who took a lock: also if parent and child share the open file and the one that
 * took it has closed it, be it one of /proc, if two share a table of descriptors, and nobody who
 * lives for one that is gone.
 */
#include "prog.h"

#include <sys/file.h>

static struct shared {
	ino_t inode[8];
	pid_t owner[8]; /* -1: an OFD lock; 0: who is gone */
	int n;
	atomic_int up;
} *sh;
static int proc_fd;

static int fresh(const char *name, int flags)
{
	struct stat st;
	int fd = prog_file(name, 10, 1, flags);

	CHECK(!fstat(fd, &st));
	sh->inode[sh->n++] = st.st_ino;
	return fd;
}

/* Each time it is opened it is another. */
static ino_t proc_inode(void)
{
	struct stat st;

	CHECK(!fstat(proc_fd, &st));
	return st.st_ino;
}

static int lock(int fd, int command)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, command, &l);
}

/* -2: it shows no lock. */
static pid_t shown(const char *locks, ino_t inode)
{
	char want[32];
	const char *at;
	int pid;

	snprintf(want, sizeof(want), ":%lu ", (unsigned long)inode);
	at = strstr(locks, want);
	if (!at)
		return -2;
	while (at > locks && at[-1] != '\n')
		at--;
	CHECK_EQ(sscanf(at, "%*d: %*s %*s %*s %d", &pid), 1);
	return pid;
}

/*
 * One reading may pass a lock over while others come and go before it; and amid it the file of
 * /proc may become another, by a restart.
 */
static bool all_there(char *locks, size_t size)
{
	int i;

	sh->inode[6] = proc_inode();
	CHECK(prog_slurp("/proc/locks", locks, size) > 0);
	for (i = 0; i < sh->n; i++)
		if (sh->owner[i] && shown(locks, sh->inode[i]) == -2)
			return false;
	return true;
}

static void check(void)
{
	const char *ids = getenv("CR_IDS");
	static char locks[1 << 18];
	int i;

	/* With virtual ids it shows others. */
	if (ids && !strcmp(ids, "virtual"))
		return;
	PROG_SOON(all_there(locks, sizeof(locks)));
	for (i = 0; i < sh->n; i++) {
		pid_t pid = shown(locks, sh->inode[i]);

		if (sh->owner[i])
			CHECK_EQ(pid, sh->owner[i]);
		else
			CHECK(pid == -2 || kill(pid, 0));
	}
}

static int sharer(void *arg)
{
	int i = *(int *)arg;

	sh->owner[i] = getpid();
	CHECK(!lock(open(prog_path("shared-table"), O_RDWR), F_SETLK));
	sh->up++;
	prog_await("done");
	_exit(0);
}

int main(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));
	int kept, closed, gone, fd, i;
	pid_t pid[3];

	prog_init(argc, argv);
	sh = prog_map(sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	kept = fresh("kept", O_RDWR);
	closed = fresh("closed", O_RDONLY);
	gone = fresh("gone", O_RDONLY);
	proc_fd = open("/proc/self/status", O_RDONLY);
	CHECK(proc_fd >= 0 && !flock(closed, LOCK_EX));
	sh->owner[1] = getpid();
	pid[0] = prog_fork();
	if (!pid[0]) {
		/* It has what its parent took, and has taken what its parent has. */
		CHECK(!flock(kept, LOCK_SH) && !flock(proc_fd, LOCK_EX));
		close(kept);
		close(proc_fd);
		sh->owner[0] = sh->owner[6] = getpid();
		sh->up++;
		prog_await("done");
		_exit(0);
	}
	close(closed);
	pid[1] = prog_fork();
	if (!pid[1]) {
		CHECK(!flock(gone, LOCK_EX));
		_exit(0);
	}
	prog_reap(pid[1]);
	fd = fresh("ofd", O_RDWR);
	CHECK(!lock(fd, F_OFD_SETLK));
	sh->owner[3] = -1;
	fd = fresh("posix", O_RDWR);
	CHECK(!lock(fd, F_SETLK));
	sh->owner[4] = getpid();
	fresh("shared-table", O_RDWR);
	i = 5;
	sh->n++;
	pid[2] = clone(sharer, stack + sizeof(stack), CLONE_FILES | SIGCHLD, &i);
	CHECK(pid[2] > 0);
	while (sh->up < 2)
		prog_nap();
	check();
	prog_ready();
	prog_watch(check);
	prog_mark("done");
	prog_reap(pid[0]);
	prog_reap(pid[2]);
	prog_pass();
}
