// SPDX-License-Identifier: Apache-2.0
/*
 * Descriptors of the namespaces that a process is in, opened by every way there is, are those of
 * the namespaces that it is in after a restart: of all kinds, in flight, and of its own host name.
 */
#include "prog.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#define MOST 48

static const char *const kinds[] = { "mnt",
				     "net",
				     "pid",
				     "user",
				     "ipc",
				     "cgroup",
				     "time",
				     "uts",
				     "pid_for_children",
				     "time_for_children" };
static struct {
	const char *kind;
	int fd, flags;
} all[MOST];
static int n, queue[2], outer = -1;
static struct utsname outside;

static void add(const char *kind, int fd)
{
	/* What this kernel does not have. */
	if (fd < 0)
		return;
	CHECK(n < MOST);
	all[n].kind = kind;
	all[n].fd = fd;
	all[n++].flags = fcntl(fd, F_GETFL);
}

static bool same(int fd, const char *kind)
{
	char path[64];
	struct stat a, b;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	CHECK(!fstat(fd, &a) && !stat(path, &b));
	return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void send_fd(int fd)
{
	char room[CMSG_SPACE(sizeof(fd))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK_EQ(sendmsg(queue[0], &m, 0), 1);
	close(fd);
}

static int receive_fd(void)
{
	char room[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	int fd;

	CHECK_EQ(recvmsg(queue[1], &m, 0), 1);
	CHECK(CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void open_all(void)
{
	/* PIDFD_GET_*_NAMESPACE: without O_LARGEFILE. */
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		add(kinds[i], open(path, O_RDONLY));
		add(kinds[i], open(path, O_PATH | O_CLOEXEC));
	}
	add("net", ioctl(pidfd, _IO(0xff, 4), 0));
	add("uts", ioctl(pidfd, _IO(0xff, 10), 0));
	add("net", dup(all[0].fd));
	all[n - 1].kind = kinds[0];
	snprintf(path, sizeof(path), "/proc/%d/ns/net", getpid());
	add("net", open(path, O_RDONLY));
	close(pidfd);
}

static void check(void)
{
	char name[64], link[64];
	int i;

	for (i = 0; i < n; i++) {
		if (fcntl(all[i].fd, F_GETFL) != all[i].flags)
			prog_fail(__FILE__, __LINE__, "F_GETFL of %s: %#o, not %#o", all[i].kind,
				  fcntl(all[i].fd, F_GETFL), all[i].flags);
		if (!same(all[i].fd, all[i].kind))
			prog_fail(__FILE__, __LINE__, "another %s namespace", all[i].kind);
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", all[0].fd);
	CHECK(readlink(name, link, sizeof(link)) > 5 && !strncmp(link, "mnt:[", 5));
}

/* Who has made one for its host name has the other one still open, and can go back. */
static void check_names(void)
{
	struct utsname u;
	int own = open("/proc/self/ns/uts", O_RDONLY);

	CHECK(own >= 0 && !same(outer, "uts"));
	CHECK(!setns(outer, CLONE_NEWUTS));
	CHECK(!uname(&u) && !strcmp(u.nodename, outside.nodename));
	CHECK(!setns(own, CLONE_NEWUTS));
	CHECK(!uname(&u) && !strcmp(u.nodename, "cairn-test"));
	close(own);
}

static void check_all(void)
{
	check();
	if (outer >= 0)
		check_names();
}

int main(int argc, char **argv)
{
	int fd, i;

	prog_init(argc, argv);
	CHECK(!uname(&outside));
	outer = open("/proc/self/ns/uts", O_RDONLY);
	if (unshare(CLONE_NEWUTS)) {
		close(outer);
		outer = -1;
	} else {
		CHECK(!sethostname("cairn-test", 10));
	}
	open_all();
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, queue));
	send_fd(open("/proc/self/ns/net", O_RDONLY));
	send_fd(open("/proc/self/ns/pid", O_RDONLY));
	prog_ready();
	prog_watch(check_all);
	fd = receive_fd();
	CHECK(same(fd, "net"));
	close(fd);
	fd = receive_fd();
	CHECK(same(fd, "pid"));
	for (i = 0; i < n; i++)
		close(all[i].fd);
	prog_pass();
}
