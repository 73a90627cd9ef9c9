// SPDX-License-Identifier: Apache-2.0
//
// Paths with ids in them: /proc/PID, /proc/PID/task/TID, /dev/pts/N; and /proc/self/exe of a
// process that the kernel takes for a crrestart. Only absolute ones, and those below a descriptor
// of /proc.
// Runs in: the application's threads. Before a restart without namespaces: the test of a flag.
#include <alloca.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/agent_ids.h"
#include "preload/readable.h"
#include "preload/state.h"
#include "preload/agent_text.h"
#include "preload/wrap_paths.h"
#include "preload/wrappers.h"

/* A number at the beginning of *from, translated to *to; both advance. False if there is none. */
static bool copy_id(const char **from, char **to, int (*turn)(enum cr_id_kind, int),
		    enum cr_id_kind kind)
{
	const char *end = *from;
	uint64_t id;

	if (*end < (kind == CR_ID_PTS ? '0' : '1') || *end > '9')
		return false;
	id = cr_get_number(&end, 10);
	if (id > INT_MAX || (*end && *end != '/'))
		return false;
	*to = cr_put_number(*to, turn(kind, id));
	*from = end;
	return true;
}

static bool skip(const char **from, char **to, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*from, prefix, n))
		return false;
	*to = cr_put_text(*to, prefix);
	*from += n;
	return true;
}

static int to_real(enum cr_id_kind kind, int id)
{
	return agent_real_of(kind, id);
}

static int to_virtual(enum cr_id_kind kind, int id)
{
	return agent_virtual_of(kind, id);
}

/* Whether path, below /proc if within is set, has an id; then turned[] is the other path. */
static bool wrap_paths_turn_path(const char *path, char *turned, int (*turn)(enum cr_id_kind, int),
				 bool within)
{
	const char *from = path;
	char *to = turned;

	if (skip(&from, &to, "/dev/pts/")) {
		if (!copy_id(&from, &to, turn, CR_ID_PTS))
			return false;
	} else {
		bool some;

		if (!within && !skip(&from, &to, "/proc/"))
			return false;
		some = copy_id(&from, &to, turn, CR_ID_PROCESS);
		if (!some && !skip(&from, &to, "self") && !skip(&from, &to, "thread-self"))
			return false;
		if (skip(&from, &to, "/task/"))
			some |= copy_id(&from, &to, turn, CR_ID_PROCESS);
		if (!some)
			return false;
	}
	cr_put_text(to, from);
	return true;
}

static bool own_exe(const char *path)
{
	char text[32];
	const char *p = path;

	if (!cr_agent.exe[0] || strncmp(p, "/proc/", 6))
		return false;
	p += 6;
	cr_put_number(text, agent_virtual(cr_sys0(SYS_getpid)));
	if (!strncmp(p, "self", 4))
		p += 4;
	else if (!strncmp(p, text, strlen(text)))
		p += strlen(text);
	return !strcmp(p, "/exe");
}

static bool is_proc(int dir)
{
	char link[32], path[64];
	long n;

	cr_put_number(cr_put_text(path, "/proc/self/fd/"), dir);
	n = cr_sys3(SYS_readlink, path, link, sizeof(link));
	return n == 5 && !memcmp(link, "/proc", 5);
}

static bool candidate(int dir, const char *path)
{
	/* One that is shorter than this and ends its page is none of those. */
	if (!path || !agent_readable(path, 8))
		return false;
	if (path[0] != '/')
		return dir != AT_FDCWD && path[0] >= '1' && path[0] <= '9' && is_proc(dir);
	return !strncmp(path, "/proc/", 6) || !strncmp(path, "/dev/pts/", 9);
}

static const char *turned(const char *path, bool follow, char *buf)
{
	if (follow && own_exe(path))
		return cr_agent.exe;
	return wrap_paths_turn_path(path, buf, to_real, path[0] != '/') ? buf : path;
}

/* The path to give to the kernel; lives until the caller returns. */
#define AT(dir, path, follow)                                        \
	(__builtin_expect(agent_ids_on, 0) && candidate(dir, path) ? \
		 turned(path, follow, alloca(strlen(path) + 48)) :   \
		 (path))
#define PATH(path) AT(AT_FDCWD, path, true)
#define LINK(path) AT(AT_FDCWD, path, false)

const char *agent_program(const char *path)
{
	return __builtin_expect(agent_ids_on, 0) && candidate(AT_FDCWD, path) && own_exe(path) ?
		       cr_agent.exe :
		       path;
}

/* ---- what files of /proc say ---- */

/* Copies the number that comes next, and what is before it, translated. */
static void turn_next(const char **from, char **to)
{
	while (**from && **from != '\n' && (**from < '0' || **from > '9'))
		*(*to)++ = *(*from)++;
	if (**from >= '0' && **from <= '9')
		*to = cr_put_number(*to, agent_virtual(cr_get_number(from, 10)));
}

static void turn_stat(const char *from, char *to)
{
	const char *end = strrchr(from, ')');
	int i;

	turn_next(&from, &to);
	while (from <= end)
		*to++ = *from++;
	for (i = 0; i < 3; i++)
		turn_next(&from, &to);
	/* The terminal's number, then its foreground group, which may be -1. */
	*to++ = *from++;
	while (*from && *from != ' ')
		*to++ = *from++;
	if (from[0] == ' ' && from[1] != '-')
		turn_next(&from, &to);
	cr_put_text(to, from);
}

static void turn_status(const char *from, char *to)
{
	static const char *const keys[] = { "Tgid:",  "Pid:",	 "PPid:",   "TracerPid:",
					    "NSpid:", "NStgid:", "NSpgid:", "NSsid:" };
	size_t i;

	while (*from) {
		for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			if (!strncmp(from, keys[i], strlen(keys[i])))
				turn_next(&from, &to);
		while (*from && *from != '\n')
			*to++ = *from++;
		if (*from)
			*to++ = *from++;
	}
	*to = 0;
}

static bool ends(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && !strcmp(path + n - m, end);
}

/* A copy with the ids that the application knows, of those files that have some; or -1. */
static int open_turned(const char *path, const char *kernels, int flags)
{
	bool stat = ends(path, "/stat"), status = ends(path, "/status");
	char text[4096], turned[6144];
	long fd, n, ret;

	if ((flags & O_ACCMODE) != O_RDONLY || strncmp(path, "/proc/", 6) ||
	    !(stat || status || strstr(path, "/fdinfo/")) || !strchr(path + 6, '/'))
		return -1;
	n = cr_read_text(AT_FDCWD, kernels, text, sizeof(text));
	if (n <= 0 || n == sizeof(text) - 1 || (stat && !strrchr(text, ')')))
		return -1;
	if (stat)
		turn_stat(text, turned);
	else
		turn_status(text, turned);
	fd = cr_sys2(SYS_memfd_create, path, flags & O_CLOEXEC ? 1 : 0);
	if (fd < 0)
		return -1;
	n = strlen(turned);
	ret = cr_sys3(SYS_write, fd, turned, n);
	cr_sys3(SYS_lseek, fd, 0, SEEK_SET);
	if (ret == n)
		return fd;
	cr_sys1(SYS_close, fd);
	return -1;
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
	const char *kernels = AT(dir, path, true);
	int fd;

	if (__builtin_expect(agent_ids_on, 0) && candidate(AT_FDCWD, path) &&
	    (fd = open_turned(path, kernels, flags)) >= 0)
		return fd;
	return dir == AT_FDCWD ? CR_REAL(open)(kernels, flags, mode) :
				 CR_REAL(openat)(dir, kernels, flags, mode);
}

/* ---- open ---- */

static mode_t mode_of(int flags, va_list ap)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name, prototype, call)        \
	CR_WRAPPER int name prototype      \
	{                                  \
		va_list ap;                \
		mode_t mode;               \
		va_start(ap, flags);       \
		mode = mode_of(flags, ap); \
		va_end(ap);                \
		return call;               \
	}

OPEN(open, (const char *path, int flags, ...), open_at(AT_FDCWD, path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), open_at(AT_FDCWD, path, flags, mode))
OPEN(openat, (int dir, const char *path, int flags, ...), open_at(dir, path, flags, mode))
OPEN(openat64, (int dir, const char *path, int flags, ...), open_at(dir, path, flags, mode))

/* What programs built with _FORTIFY_SOURCE call. */
CR_WRAPPER int __open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

CR_WRAPPER int __open64_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

CR_WRAPPER int __openat_2(int dir, const char *path, int flags)
{
	return open_at(dir, path, flags, 0);
}

CR_WRAPPER int __openat64_2(int dir, const char *path, int flags)
{
	return open_at(dir, path, flags, 0);
}

CR_WRAPPER FILE *fopen(const char *path, const char *mode)
{
	const char *kernels = PATH(path);
	int fd;

	if (__builtin_expect(agent_ids_on, 0) && path && mode[0] == 'r' && !strchr(mode, '+') &&
	    (fd = open_turned(path, kernels, strchr(mode, 'e') ? O_CLOEXEC : 0)) >= 0)
		return CR_REAL(fdopen)(fd, mode);
	return CR_REAL(fopen)(kernels, mode);
}

CR_WRAPPER FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

CR_WRAPPER DIR *opendir(const char *path)
{
	return CR_REAL(opendir)(PATH(path));
}

CR_WRAPPER int chdir(const char *path)
{
	return agent_result(cr_sys1(SYS_chdir, PATH(path)));
}

/* ---- what is it ---- */

#define STAT(name, type, follow)                                                                  \
	CR_WRAPPER int name(const char *path, struct type *st)                                    \
	{                                                                                         \
		return agent_result(cr_sys4(SYS_newfstatat, AT_FDCWD, AT(AT_FDCWD, path, follow), \
					    st, (follow) ? 0 : AT_SYMLINK_NOFOLLOW));             \
	}

STAT(stat, stat, true)
STAT(stat64, stat64, true)
STAT(lstat, stat, false)
STAT(lstat64, stat64, false)

#define STATAT(name, type)                                                          \
	CR_WRAPPER int name(int dir, const char *path, struct type *st, int flags)  \
	{                                                                           \
		path = AT(dir, path, !(flags & AT_SYMLINK_NOFOLLOW));               \
		return agent_result(cr_sys4(SYS_newfstatat, dir, path, st, flags)); \
	}

STATAT(fstatat, stat)
STATAT(fstatat64, stat64)

CR_WRAPPER int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *st)
{
	path = AT(dir, path, !(flags & AT_SYMLINK_NOFOLLOW));
	return agent_result(cr_sys5(SYS_statx, dir, path, flags, mask, st));
}

CR_WRAPPER int access(const char *path, int mode)
{
	return agent_result(cr_sys2(SYS_access, PATH(path), mode));
}

CR_WRAPPER int faccessat(int dir, const char *path, int mode, int flags)
{
	return CR_REAL(faccessat)(dir, AT(dir, path, !(flags & AT_SYMLINK_NOFOLLOW)), mode, flags);
}

CR_WRAPPER char *realpath(const char *path, char *out)
{
	return CR_REAL(realpath)(PATH(path), out);
}

/* ---- links of /proc say ids, too ---- */

static ssize_t link_text(const char *text, char *buf, size_t size)
{
	size_t n = strlen(text);

	n = n < size ? n : size;
	memcpy(buf, text, n);
	return n;
}

/* What the kernel gave for path, as the application knows it. */
static ssize_t seen_link(const char *path, char *buf, size_t size, ssize_t n)
{
	char text[64], other[128];
	bool within = !strcmp(path, "/proc/self") || !strcmp(path, "/proc/thread-self");

	if (n <= 0)
		return n;
	if (own_exe(path))
		return link_text(cr_agent.exe, buf, size);
	if ((size_t)n >= sizeof(text) - 1)
		return n;
	memcpy(text, buf, n);
	text[n] = 0;
	if (!wrap_paths_turn_path(text, other, to_virtual, within))
		return n;
	return link_text(other, buf, size);
}

CR_WRAPPER ssize_t readlink(const char *path, char *buf, size_t size)
{
	ssize_t n = agent_result(cr_sys3(SYS_readlink, LINK(path), buf, size));

	return agent_ids_on && candidate(AT_FDCWD, path) ? seen_link(path, buf, size, n) : n;
}

CR_WRAPPER ssize_t __readlink_chk(const char *path, char *buf, size_t size, size_t room)
{
	if (room < size)
		__builtin_trap();
	return readlink(path, buf, size);
}

CR_WRAPPER ssize_t readlinkat(int dir, const char *path, char *buf, size_t size)
{
	ssize_t n = agent_result(cr_sys4(SYS_readlinkat, dir, AT(dir, path, false), buf, size));

	return agent_ids_on && candidate(dir, path) ? seen_link(path, buf, size, n) : n;
}

/* ---- names of terminals: libc puts them together itself ---- */

static char *seen_tty(char *name, size_t room)
{
	char other[64];

	if (agent_ids_on && name && strlen(name) < 40 &&
	    wrap_paths_turn_path(name, other, to_virtual, false) && strlen(other) < room)
		strcpy(name, other);
	return name;
}

CR_WRAPPER char *ptsname(int fd)
{
	/* libc's buffer, which has room for the largest number. */
	return seen_tty(CR_REAL(ptsname)(fd), 20);
}

CR_WRAPPER int ptsname_r(int fd, char *buf, size_t size)
{
	int ret = CR_REAL(ptsname_r)(fd, buf, size);

	if (!ret)
		seen_tty(buf, size);
	return ret;
}

CR_WRAPPER char *ttyname(int fd)
{
	char *name = CR_REAL(ttyname)(fd);

	/* libc's buffer is longer than any such name. */
	return seen_tty(name, 32);
}

CR_WRAPPER int ttyname_r(int fd, char *buf, size_t size)
{
	int ret = CR_REAL(ttyname_r)(fd, buf, size);

	if (!ret)
		seen_tty(buf, size);
	return ret;
}
