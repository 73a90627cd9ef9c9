/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers shared by all test programs: the ready/verify/result protocol with the runner. */
#ifndef TEST_PROG_H
#define TEST_PROG_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE		4096UL

/* Absolute, because programs change their directory. */
static char prog_dir[PATH_MAX];

/* The path of a file in the work directory; valid until the thread's fourth next call. */
static inline char *prog_path(const char *name)
{
	/* Small, as thread-local memory is taken from the stacks of threads. */
	static __thread char bufs[4][512];
	static __thread unsigned int next;
	char *buf = bufs[next++ % 4];

	snprintf(buf, sizeof(bufs[0]), "%.400s/%.100s", prog_dir, name);
	return buf;
}

/* Create a file with its whole content at once; the first writer of a name wins. */
static inline void prog_put(const char *name, const char *text)
{
	char tmp[64];
	int fd;

	snprintf(tmp, sizeof(tmp), ".%s.%d.%d", name, getpid(), (int)syscall(SYS_gettid));
	fd = open(prog_path(tmp), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(99);
	close(fd);
	if (link(prog_path(tmp), prog_path(name)) && errno != EEXIST)
		_exit(98);
	unlink(prog_path(tmp));
}

static inline bool prog_has(const char *name)
{
	return access(prog_path(name), F_OK) == 0;
}

__attribute__((noreturn, format(printf, 3, 4)))
static inline void prog_fail(const char *file, int line, const char *fmt, ...)
{
	int err = errno;
	char what[400], text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "FAIL: %s:%d %s (errno %d %s, pid %d)\n",
		 strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line, what,
		 err, strerrorname_np(err) ? strerrorname_np(err) : "?", getpid());
	prog_put("result", text);
	_exit(1);
}

#define CHECK(c) do { \
	if (!(c)) \
		prog_fail(__FILE__, __LINE__, "%s", #c); \
} while (0)

#define CHECK_EQ(a, b) do { \
	long long a_ = (long long)(a), b_ = (long long)(b); \
	if (a_ != b_) \
		prog_fail(__FILE__, __LINE__, "%s is %lld, not %s = %lld", #a, a_, #b, b_); \
} while (0)

static inline void prog_init(int argc, char **argv)
{
	if (argc < 2 || !realpath(argv[1], prog_dir) || strlen(prog_dir) > 400) {
		fprintf(stderr, "usage: %s WORKDIR\n", argv[0]);
		exit(2);
	}
}

/* Not possible here: say why and let the runner count it as skipped. */
__attribute__((noreturn))
static inline void prog_skip(const char *why)
{
	fprintf(stderr, "skip: %s\n", why);
	_exit(77);
}

static inline void prog_ready(void)
{
	prog_put("ready", "");
}

/* The runner wants the verdict, or another process of this program has found a fault. */
static inline bool prog_done(void)
{
	return prog_has("verify") || prog_has("result");
}

/* A short sleep that is complete even when the program's own signals interrupt it. */
static inline void prog_nap_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static inline void prog_nap(void)
{
	prog_nap_ms(10);
}

/* Whether something becomes true that one look may not show: a bounded number of looks. */
#define PROG_SOON(c) ({ \
	int tries_ = 50; \
	bool true_; \
	while (!(true_ = (c)) && --tries_) \
		prog_nap(); \
	true_; \
})

static inline void prog_wait(void)
{
	while (!prog_done())
		prog_nap();
}

/* Keep an invariant under observation until the verdict is wanted, then check it once more. */
static inline void prog_watch(void (*check)(void))
{
	while (!prog_done()) {
		check();
		prog_nap();
	}
	check();
}

/* Marks order the processes of one program without using any kernel object under test. */
static inline void prog_mark(const char *name)
{
	prog_put(name, "");
}

static inline void prog_await(const char *name)
{
	while (!prog_has(name)) {
		if (prog_has("result"))
			_exit(1);
		prog_nap_ms(2);
	}
}

/* Wait for a child of the program, which must end with status 0. */
static inline void prog_reap(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	CHECK_EQ(got, pid);
	CHECK_EQ(status, 0);
}

static inline pid_t prog_fork(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	return pid;
}

__attribute__((noreturn))
static inline void prog_pass(void)
{
	if (prog_has("result"))
		exit(1);
	prog_put("result", "PASS\n");
	exit(0);
}

static inline pid_t prog_tid(void)
{
	return syscall(SYS_gettid);
}

static inline double prog_now(clockid_t clk)
{
	struct timespec ts;

	CHECK(!clock_gettime(clk, &ts));
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Reproducible noise: neither all zero nor compressible, and different for each seed. */
static inline uint64_t prog_noise(uint64_t x)
{
	x = (x + 1) * 0x9e3779b97f4a7c15ULL;
	x ^= x >> 31;
	x *= 0xbf58476d1ce4e5b9ULL;
	return x ^ (x >> 27);
}

static inline void prog_fill(void *buf, size_t len, uint64_t seed)
{
	unsigned char *p = buf;
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = prog_noise(seed * 1000003 + i / 8) >> (i % 8 * 8);
}

static inline bool prog_filled(const void *buf, size_t len, uint64_t seed)
{
	const unsigned char *p = buf;
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != (unsigned char)(prog_noise(seed * 1000003 + i / 8) >> (i % 8 * 8)))
			return false;
	return true;
}

static inline bool prog_zero(const void *buf, size_t len)
{
	const unsigned char *p = buf;

	while (len && !*p)
		p++, len--;
	return !len;
}

/* Map memory or fail; arguments as for mmap() without the address. */
static inline void *prog_map(size_t len, int prot, int flags, int fd)
{
	void *p = mmap(NULL, len, prot, flags, fd, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static inline void prog_thread(pthread_t *t, void *(*fn)(void *), void *arg)
{
	int err = pthread_create(t, NULL, fn, arg);

	CHECK_EQ(err, 0);
}

/* Read a small file of /proc or the work directory as a string. */
static inline ssize_t prog_slurp(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	buf[len] = 0;
	close(fd);
	return len;
}

/* A regular file in the work directory with noise in it, opened with the given flags. */
static inline int prog_file(const char *name, size_t len, uint64_t seed, int flags)
{
	unsigned char *buf = malloc(len + 1);
	int fd = open(prog_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);

	CHECK(buf && fd >= 0);
	prog_fill(buf, len, seed);
	CHECK_EQ(write(fd, buf, len), len);
	close(fd);
	free(buf);
	fd = open(prog_path(name), flags);
	CHECK(fd >= 0);
	return fd;
}

#endif
