// SPDX-License-Identifier: Apache-2.0
/* F_GETFL and F_GETFD of descriptors of every kind are what they were. */
#include "inet.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#define MOST 96

static struct {
	int fd, status, flags;
	const char *what;
} all[MOST];
static int n;

static void add(int fd, const char *what)
{
	/* What is not to be had here. */
	if (fd < 0)
		return;
	CHECK(n < MOST);
	all[n].fd = fd;
	all[n++].what = what;
}

static void add_file(int more, const char *what)
{
	int fd = open(prog_path("f"), more);

	add(fd, what);
}

static void add_gone(const char *name, int flags, const char *what)
{
	close(prog_file(name, 100, 1, O_RDONLY));
	add(open(prog_path(name), flags), what);
	CHECK(!unlink(prog_path(name)));
}

static void add_removed(const char *name, const char *what)
{
	CHECK(!mkdir(prog_path(name), 0700));
	add(open(prog_path(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), what);
	CHECK(!rmdir(prog_path(name)));
}

/* Whose name is another's by now. */
static void taken(void)
{
	add_gone("taken", O_RDONLY | O_NOFOLLOW, "unlinked, O_NOFOLLOW, its name another's");
	close(prog_file("taken", 100, 2, O_RDONLY));
	add_removed("t", "removed, O_NOFOLLOW, its name another's");
	CHECK(!mkdir(prog_path("t"), 0700));
}

static void pipes(void)
{
	static const int flags[] = { 0, O_CLOEXEC, O_NONBLOCK, O_DIRECT, O_DIRECT | O_NONBLOCK };
	char path[64];
	size_t i;
	int p[2];

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		CHECK(!pipe2(p, flags[i]));
		add(p[0], "pipe, to read");
		add(p[1], "pipe, to write");
	}
	CHECK(!fcntl(p[0], F_SETFL, O_ASYNC));
	/* By its name a pipe is opened with O_LARGEFILE, and may have both ends in one. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[1]);
	add(open(path, O_WRONLY | O_CLOEXEC), "pipe, opened again");
	add(open(path, O_RDWR), "pipe, both ends");
	add(open(path, O_RDONLY | O_NONBLOCK), "pipe, opened to read");
	add(open(path, O_PATH), "pipe, O_PATH");
	CHECK(!mkfifo(prog_path("fifo"), 0600));
	add(open(prog_path("fifo"), O_RDWR | O_NONBLOCK), "fifo, both ends");
	add(open(prog_path("fifo"), O_RDONLY), "fifo, to read");
	add(open(prog_path("fifo"), O_WRONLY | O_APPEND | O_CLOEXEC), "fifo, to write");
}

static void files(void)
{
	add(prog_file("f", 100, 1, O_RDONLY), "file");
	add_file(O_RDWR | O_CLOEXEC, "file, O_RDWR");
	add_file(O_WRONLY | O_APPEND | O_NONBLOCK, "file, O_APPEND");
	add_file(O_RDONLY | O_NOATIME, "file, O_NOATIME");
	add_file(O_RDWR | O_SYNC, "file, O_SYNC");
	add_file(O_RDWR | O_DSYNC, "file, O_DSYNC");
	add_file(O_RDONLY | O_DIRECT, "file, O_DIRECT");
	add_file(O_PATH, "file, O_PATH");
	add_file(O_PATH | O_CLOEXEC | O_NOFOLLOW, "file, O_PATH and O_NOFOLLOW");
	add_file(O_RDONLY | O_NOFOLLOW, "file, O_NOFOLLOW");
	add_file(O_RDWR | O_CREAT | O_NOCTTY, "file, O_CREAT");
	add(open(prog_path("."), O_TMPFILE | O_RDWR, 0600), "file, O_TMPFILE");
	add(open(prog_path("."), O_TMPFILE | O_RDWR | O_APPEND, 0600), "O_TMPFILE, to append");
	add(open(prog_path("."), O_TMPFILE | O_WRONLY, 0600), "O_TMPFILE, to write");
	add(open(prog_path("."), O_TMPFILE | O_RDWR | O_SYNC, 0600), "O_TMPFILE, O_SYNC");
	add(open(prog_path("."), O_TMPFILE | O_WRONLY | O_DSYNC | O_NOFOLLOW, 0600),
	    "O_TMPFILE, O_DSYNC and O_NOFOLLOW");
	add_gone("gone", O_RDWR, "unlinked");
	add_gone("gone", O_RDONLY | O_NOFOLLOW, "unlinked, O_NOFOLLOW");
	add_gone("gone", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOFOLLOW,
		 "unlinked, O_NOFOLLOW to append");
	add_gone("gone", O_PATH | O_NOFOLLOW, "unlinked, O_PATH and O_NOFOLLOW");
	add_removed("d", "removed, O_NOFOLLOW");
	add(open(prog_path("."), O_RDONLY | O_DIRECTORY), "directory");
	add(open(prog_path("."), O_PATH | O_DIRECTORY), "directory, O_PATH");
	add(open("/dev/null", O_RDWR | O_CLOEXEC), "null");
	add(open("/dev/zero", O_RDONLY | O_NONBLOCK), "zero");
	add(open("/dev/null", O_PATH), "null, O_PATH");
	add(open("/proc/self/status", O_RDONLY), "proc");
	add(memfd_create("m", MFD_CLOEXEC), "memfd");
	add(memfd_create("m", 0), "memfd, not O_CLOEXEC");
}

static void sockets(void)
{
	int s[2], l;

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	add(s[0], "unix");
	add(s[1], "unix");
	CHECK(!fcntl(s[0], F_SETFL, O_ASYNC));
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, s));
	add(s[0], "unix datagram");
	add(s[1], "unix datagram");
	l = inet_listen(INET4, 5);
	add(l, "TCP listener");
	s[0] = inet_connect(l, INET4);
	CHECK(!fcntl(s[0], F_SETFD, FD_CLOEXEC));
	add(s[0], "TCP");
	add(accept4(l, NULL, NULL, SOCK_NONBLOCK), "TCP accepted");
	add(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), "UDP");
	add(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0), "netlink");
}

static void others(void)
{
	sigset_t set;
	int m;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	add(eventfd(0, EFD_NONBLOCK), "eventfd");
	add(eventfd(0, EFD_CLOEXEC), "eventfd");
	add(signalfd(-1, &set, SFD_NONBLOCK), "signalfd");
	add(signalfd(-1, &set, SFD_CLOEXEC), "signalfd");
	add(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), "timerfd");
	add(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC), "timerfd");
	add(epoll_create1(EPOLL_CLOEXEC), "epoll");
	add(epoll_create1(0), "epoll");
	add(inotify_init1(IN_NONBLOCK), "inotify");
	add(inotify_init1(IN_CLOEXEC), "inotify");
	add(syscall(SYS_pidfd_open, getpid(), 0), "pidfd");
	add(syscall(SYS_pidfd_open, getpid(), O_NONBLOCK), "pidfd");
	m = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	add(m, "master");
	if (m >= 0 && !grantpt(m) && !unlockpt(m)) {
		add(open(ptsname(m), O_RDWR | O_NOCTTY | O_NONBLOCK), "slave");
		add(open(ptsname(m), O_RDONLY | O_NOCTTY), "slave");
	}
}

static void check(void)
{
	int i;

	for (i = 0; i < n; i++) {
		int status = fcntl(all[i].fd, F_GETFL), flags = fcntl(all[i].fd, F_GETFD);

		if (status != all[i].status)
			prog_fail(__FILE__, __LINE__, "F_GETFL of %s: %#o, not %#o", all[i].what,
				  status, all[i].status);
		if (flags != all[i].flags)
			prog_fail(__FILE__, __LINE__, "F_GETFD of %s: %d, not %d", all[i].what,
				  flags, all[i].flags);
	}
}

int main(int argc, char **argv)
{
	int i;

	prog_init(argc, argv);
	signal(SIGIO, SIG_IGN);
	files();
	taken();
	pipes();
	sockets();
	others();
	for (i = 0; i < n; i++) {
		all[i].status = fcntl(all[i].fd, F_GETFL);
		all[i].flags = fcntl(all[i].fd, F_GETFD);
	}
	prog_ready();
	prog_watch(check);
	prog_pass();
}
