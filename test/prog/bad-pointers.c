// SPDX-License-Identifier: Apache-2.0
/*
 * Calls with pointers that lead nowhere end as they do without Cairn: what the kernel refuses it
 * refuses, and what libc stumbles over it stumbles over. What happened without is found out first,
 * in a process that has left the agent behind.
 */
#include "prog.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

static sigjmp_buf stumbled;
static int epfd, tfd, pair[2], listener, semid;
static char *none, *readonly, *edge;
static char *endless; /* a string that runs into what nobody can read */
static char report[64 * 1024];
static size_t at;

static void on_fault(int sig)
{
	siglongjmp(stumbled, 1);
}

/* Something to accept. */
static void knock(void)
{
	struct sockaddr_un to;
	socklen_t len = sizeof(to);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(!getsockname(listener, (struct sockaddr *)&to, &len));
	CHECK(!connect(fd, (struct sockaddr *)&to, len));
	close(fd);
}

static void note(const char *what, int k, long ret)
{
	int error = ret < 0 ? errno : 0;

	at += snprintf(report + at, 64, "%s %d: %d %d\n", what, k, ret < 0 ? -1 : 0, error);
}

#define TRY(what, call)                                                             \
	do {                                                                        \
		errno = 0;                                                          \
		if (sigsetjmp(stumbled, 1))                                         \
			at += snprintf(report + at, 64, "%s %d: fault\n", what, k); \
		else                                                                \
			note(what, k, (long)(call));                                \
	} while (0)

static void masks(int k, const void *p)
{
	struct epoll_event ev;
	struct timespec now = { 0, 0 };
	siginfo_t info;
	int sig;

	if (p)
		TRY("sigsuspend", sigsuspend(p));
	if (p)
		TRY("sigwait", -sigwait(p, &sig));
	if (p)
		TRY("sigwaitinfo", sigwaitinfo(p, &info));
	TRY("sigtimedwait", sigtimedwait(p ? p : none, &info, &now));
	TRY("signalfd", signalfd(-1, p, SFD_CLOEXEC));
	TRY("pselect", pselect(0, NULL, NULL, NULL, &now, p));
	TRY("ppoll", ppoll(NULL, 0, &now, p));
	TRY("epoll_pwait", epoll_pwait(epfd, &ev, 1, 0, p));
	TRY("epoll_pwait2", epoll_pwait2(epfd, &ev, 1, &now, p));
	TRY("sigprocmask", sigprocmask(SIG_BLOCK, p, NULL));
	if (p)
		TRY("sigaction", sigaction(SIGUSR1, p, NULL));
}

static void times(int k, const void *p)
{
	struct sembuf op = { 0, -1, IPC_NOWAIT };
	struct epoll_event ev;
	sigset_t set;

	sigemptyset(&set);
	if (p) {
		TRY("nanosleep", nanosleep(p, NULL));
		TRY("clock_nanosleep", -clock_nanosleep(CLOCK_MONOTONIC, 0, p, NULL));
		TRY("clock_nanosleep abs",
		    -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, p, NULL));
		TRY("timerfd_settime", timerfd_settime(tfd, TFD_TIMER_ABSTIME, p, NULL));
		TRY("sigtimedwait t", sigtimedwait(&set, NULL, p));
		TRY("ppoll t", ppoll(NULL, 0, p, NULL));
		TRY("epoll_pwait2 t", epoll_pwait2(epfd, &ev, 1, p, NULL));
		TRY("raw futex", syscall(SYS_futex, &at, 0, at, p, NULL, 0));
		TRY("raw ppoll", syscall(SYS_ppoll, NULL, 0, p, NULL, 8));
	}
	TRY("semtimedop", semtimedop(semid, &op, 1, p));
	TRY("semop", semop(semid, (struct sembuf *)p, 1));
}

static void others(int k, void *p)
{
	struct iovec iov = { p, 8 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct msghdr named = { .msg_name = p, .msg_namelen = 16 };
	struct msghdr control = { .msg_control = p, .msg_controllen = 32 };
	char *list[] = { p, NULL }, *nothing[] = { NULL };
	char *tail[] = { endless, NULL };
	socklen_t len = 16;
	pid_t pid;

	TRY("poll", poll(p, 1, 0));
	TRY("epoll_wait", epoll_wait(epfd, p, 1, 0));
	TRY("connect", connect(pair[0], p, 16));
	TRY("bind", bind(pair[0], p, 16));
	TRY("getsockname", getsockname(pair[0], p, &len));
	TRY("getsockname len", getsockname(pair[0], (struct sockaddr *)report, p));
	TRY("getpeername", getpeername(pair[0], p, &len));
	TRY("getsockopt", getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, p, &len));
	TRY("getsockopt len", getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &len, p));
	TRY("sendto", sendto(pair[0], p, 8, MSG_DONTWAIT, NULL, 0));
	TRY("sendmsg", sendmsg(pair[0], p, MSG_DONTWAIT));
	TRY("sendmsg iov", sendmsg(pair[0], &m, MSG_DONTWAIT));
	TRY("sendmsg name", sendmsg(pair[0], &named, MSG_DONTWAIT));
	TRY("sendmsg control", sendmsg(pair[0], &control, MSG_DONTWAIT));
	TRY("recvmsg", recvmsg(pair[0], p, MSG_DONTWAIT));
	TRY("recvmsg iov", recvmsg(pair[0], &m, MSG_DONTWAIT));
	TRY("sendmmsg", sendmmsg(pair[0], p, 1, MSG_DONTWAIT));
	TRY("recvmmsg", recvmmsg(pair[0], p, 1, MSG_DONTWAIT, NULL));
	len = 16;
	knock();
	TRY("accept", accept(listener, p, &len));
	knock();
	TRY("accept len", accept(listener, (struct sockaddr *)report, p));
	TRY("inotify", inotify_add_watch(-1, p, IN_OPEN));
	TRY("open", open(p, O_RDONLY));
	TRY("access", access(p, F_OK));
	TRY("stat", stat(p, (struct stat *)report));
	TRY("stat to", stat("/", p));
	TRY("readlink", readlink(p, report + at, 8));
	TRY("readlink to", readlink("/proc/self/exe", p, 8));
	TRY("chdir", chdir(p));
	TRY("execve", execve(p, list, NULL));
	if (p) {
		TRY("execve argv", execve("/nonexistent", p, NULL));
		TRY("execve envp", execve("/nonexistent", nothing, p));
		TRY("execve entry", execve("/nonexistent", nothing, list));
		TRY("execveat entry", execveat(AT_FDCWD, "/nonexistent", nothing, list, 0));
		TRY("fexecve envp", fexecve(-1, nothing, p));
		TRY("execve tail", execve("/nonexistent", nothing, tail));
		TRY("spawn tail", -posix_spawn(&pid, "/nonexistent", NULL, NULL, nothing, tail));
		TRY("spawn envp", -posix_spawn(&pid, "/nonexistent", NULL, NULL, nothing, p));
		TRY("spawn entry", -posix_spawn(&pid, "/nonexistent", NULL, NULL, nothing, list));
		TRY("spawnp envp", -posix_spawnp(&pid, "/nonexistent", NULL, NULL, nothing, p));
	}
	TRY("wait4", wait4(-1, p, WNOHANG, NULL));
	TRY("prctl name", prctl(PR_SET_NAME, p));
	TRY("prctl seccomp", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, p));
	TRY("seccomp", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, p));
	TRY("fcntl lock", fcntl(epfd, F_GETLK, p));
	TRY("fcntl owner", fcntl(pair[0], F_SETOWN_EX, p));
	TRY("ioctl", ioctl(pair[0], TIOCSPGRP, p));
	TRY("prlimit", prlimit(0, RLIMIT_CORE, p, NULL));
	TRY("prlimit to", prlimit(0, RLIMIT_CORE, NULL, p));
	TRY("sched_setparam", sched_setparam(0, p));
	TRY("process_vm_readv", process_vm_readv(getpid(), p, 1, &iov, 1, 0));
	TRY("shmctl", shmctl(-1, IPC_STAT, p));
	TRY("msgsnd", msgsnd(-1, p ? p : none, 8, IPC_NOWAIT));
}

static void all(void)
{
	void *bad[] = { NULL, (void *)1, none, (void *)-8l, edge, readonly };
	size_t k;

	at = 0;
	for (k = 0; k < ARRAY_SIZE(bad); k++) {
		/* What only is not writable is a mask or time that waits. */
		if (bad[k] != readonly) {
			masks(k, bad[k]);
			times(k, bad[k]);
		}
		others(k, bad[k]);
	}
}

static void prepare(void)
{
	struct sigaction act = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	struct sockaddr_un any = { .sun_family = AF_UNIX };

	none = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(none != MAP_FAILED && !mprotect(none + PAGE, 2 * PAGE, PROT_NONE));
	edge = none + PAGE - 4;
	none += PAGE;
	endless = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(endless != MAP_FAILED && !mprotect(endless + PAGE, PAGE, PROT_NONE));
	endless = memcpy(endless + PAGE - 4, "LD_P", 4);
	readonly = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(readonly != MAP_FAILED);
	CHECK(!sigaction(SIGSEGV, &act, NULL) && !sigaction(SIGBUS, &act, NULL));
	CHECK((epfd = epoll_create1(0)) >= 0);
	CHECK((tfd = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	CHECK((listener = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	CHECK(!bind(listener, (struct sockaddr *)&any, sizeof(sa_family_t)));
	CHECK(!listen(listener, 64));
	CHECK((semid = semget(IPC_PRIVATE, 1, 0600)) >= 0);
	signal(SIGPIPE, SIG_IGN);
	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/* In a child, as some of it may leave things behind. */
static void told(char *out, size_t max)
{
	int p[2], status;
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	CHECK(!pipe(p));
	pid = prog_fork();
	if (!pid) {
		close(p[0]);
		prepare();
		all();
		semctl(semid, 0, IPC_RMID);
		_exit(write(p[1], report, at) != (ssize_t)at);
	}
	close(p[1]);
	while ((r = read(p[0], out + n, max - 1 - n)) > 0)
		n += r;
	out[n] = 0;
	close(p[0]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void compare(const char *want, const char *got)
{
	size_t a, b;

	while (*want && *got) {
		a = strcspn(want, "\n");
		b = strcspn(got, "\n");
		if (a != b || memcmp(want, got, a))
			prog_fail(__FILE__, __LINE__, "%.*s instead of %.*s", (int)b, got, (int)a,
				  want);
		want += a + 1;
		got += b + 1;
	}
	CHECK(!*want && !*got);
}

int main(int argc, char **argv)
{
	static char want[sizeof(report)], got[sizeof(report)];
	char self[PATH_MAX] = "", *plain[] = { self, argv[1], "plain", NULL };
	char *env[] = { NULL };
	int fd;
	pid_t pid;

	prog_init(argc, argv);
	if (argc > 2) {
		told(want, sizeof(want));
		prog_put("plain", want);
		_exit(0);
	}
	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	pid = prog_fork();
	if (!pid)
		_exit(syscall(SYS_execve, self, plain, env) != 0);
	prog_reap(pid);
	fd = open(prog_path("plain"), O_RDONLY);
	CHECK(fd >= 0 && read(fd, want, sizeof(want) - 1) > 1000);
	close(fd);
	told(got, sizeof(got));
	compare(want, got);
	prog_ready();
	prog_wait();
	told(got, sizeof(got));
	compare(want, got);
	prog_pass();
}
