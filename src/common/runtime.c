// SPDX-License-Identifier: Apache-2.0
//
// The runtime directory. Invariant: it belongs to the user and nobody else may enter, so a socket
// found there is the user's own.
#include "common/runtime.h"

#include <ctype.h>
#include <stdbool.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"

#define CONNECT_MS 5000
#define TURN_US 10000
#define UNKNOWN_NS 1000000000ll
#define STARTING_NS 60000000000ll
#define ENDING_NS 10000000000ll

int cr_runtime_dir(char out[CR_PATH_MAX], struct cr_err *err)
{
	const char *own = getenv("CR_RUNTIME_DIR"), *xdg = getenv("XDG_RUNTIME_DIR");
	struct stat st;
	int ret;

	if (own && *own)
		snprintf(out, CR_PATH_MAX, "%s", own);
	else if (xdg && *xdg && !access(xdg, W_OK))
		snprintf(out, CR_PATH_MAX, "%s/cairn", xdg);
	else
		snprintf(out, CR_PATH_MAX, "/tmp/cairn-%u", geteuid());
	ret = cr_mkdir_p(out, 0700);
	if (ret)
		return cr_fail(err, ret == -EACCES ? CR_EXIT_PERMISSION : CR_EXIT_IO, -ret,
			       "cannot use the runtime directory %s (set CR_RUNTIME_DIR)", out);
	if (lstat(out, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return cr_fail(err, CR_EXIT_PERMISSION, EPERM,
			       "the runtime directory %s is not yours (set CR_RUNTIME_DIR)", out);
	if (st.st_mode & 077 && chmod(out, 0700))
		return cr_fail(err, CR_EXIT_PERMISSION, errno, "cannot close %s to others", out);
	return 0;
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._+-", c));
}

int cr_name_check(const char *name, struct cr_err *err)
{
	const char *p;

	for (p = name; name_char(*p); p++)
		;
	if (*p || p == name || *name == '.' || *name == '-' || p - name > CR_NAME_MAX)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "'%s' cannot be a name (letters, digits and ._+- only, not "
			       "starting with . or -, at most %d)",
			       name, CR_NAME_MAX);
	return 0;
}

void cr_name_from(const char *command, char *out, size_t len)
{
	const char *base = strrchr(command, '/');
	size_t i = 0;

	base = base ? base + 1 : command;
	for (; *base && i + 1 < len && i < 80; base++, i++)
		out[i] = name_char(*base) && (i || !strchr(".-", *base)) ? *base : '_';
	if (!i)
		out[i++] = '_';
	out[i] = 0;
}

static int address(const char *name, struct sockaddr_un *addr, int *dir, struct cr_err *err)
{
	char path[CR_PATH_MAX];
	int ret = cr_runtime_dir(path, err);

	if (ret)
		return ret;
	*dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot open %s", path);
	addr->sun_family = AF_UNIX;
	/* Short however long the directory's path is. */
	if (snprintf(addr->sun_path, sizeof(addr->sun_path), "/proc/self/fd/%d/%.85s", *dir,
		     name) >= (int)sizeof(addr->sun_path) - 5 ||
	    strlen(name) > CR_NAME_MAX)
		return cr_fail(err, CR_EXIT_USAGE, ENAMETOOLONG, "job name %s", name);
	strcat(addr->sun_path, ".sock");
	return 0;
}

/* A shepherd that is stopped has a full queue some day: to connect would wait for ever. */
static int connect_within(const struct sockaddr_un *addr, int ms)
{
	const struct timeval limit = { ms / 1000, ms % 1000 * 1000 };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int cr_socket_connect(const char *path, int ms)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *base = strrchr(path, '/');
	char folder[CR_PATH_MAX];
	cr_auto_fd dir = -1;

	if (!base)
		return -EINVAL;
	snprintf(folder, sizeof(folder), "%.*s", (int)(base - path), path);
	dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d%.90s", dir, base) >=
	    (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	return connect_within(&addr, ms);
}

int cr_runtime_connect(const char *name, struct cr_err *err)
{
	struct sockaddr_un addr;
	cr_auto_fd dir = -1;
	int fd, ret;

	ret = cr_name_check(name, err);
	if (!ret)
		ret = address(name, &addr, &dir, err);
	if (ret)
		return ret;
	fd = connect_within(&addr, CONNECT_MS);
	if (fd >= 0)
		return fd;
	ret = -fd;
	if (ret == EAGAIN)
		return cr_fail(err, CR_EXIT_TIMEOUT, 0,
			       "the shepherd of job '%s' answers nobody: it is stopped or hangs",
			       name);
	return cr_fail(err, ret == EACCES ? CR_EXIT_PERMISSION : CR_EXIT_NOT_FOUND, 0,
		       "no job '%s' is running (crctl list shows those that are)", name);
}

static int runtime_taken(const char *name, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_EXISTS, 0,
		       "a job '%s' is running already: end it first (crctl kill %s), or give "
		       "another name with -n",
		       name, name);
}

/* A daemon's socket there is no dead job's. */
static bool answers_streams(const struct sockaddr_un *addr)
{
	cr_auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && !connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
}

/* A shepherd of the name, or -1. One that was killed a moment ago may still be on its way out. */
static int living(const char *name)
{
	struct pollfd p = { .events = POLLIN };
	struct cr_err none = { 0 };
	int tries;

	for (tries = 0; (p.fd = cr_runtime_connect(name, &none)) >= 0 && tries < 20; tries++) {
		if (poll(&p, 1, 300) != 1 || !(p.revents & POLLHUP))
			break;
		close(p.fd);
	}
	return p.fd < 0 ? -1 : p.fd;
}

/* ---- announcements ---- */

static int announcement(const char *name, char path[CR_PATH_MAX], struct cr_err *err)
{
	char dir[CR_PATH_MAX];
	int ret = cr_name_check(name, err);

	if (!ret)
		ret = cr_runtime_dir(dir, err);
	if (ret)
		return ret;
	if (snprintf(path, CR_PATH_MAX, "%s/%s.job", dir, name) >= CR_PATH_MAX)
		return cr_fail(err, CR_EXIT_USAGE, ENAMETOOLONG, "%s", dir);
	return 0;
}

bool cr_runtime_announced(const char *name)
{
	struct cr_err none = { 0 };
	char path[CR_PATH_MAX];
	cr_auto_fd fd = -1;

	if (announcement(name, path, &none))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

bool cr_runtime_directory(const char *name, char out[CR_PATH_MAX])
{
	struct cr_err none = { 0 };
	char path[CR_PATH_MAX];
	cr_auto_fd fd = -1;
	ssize_t n;

	if (announcement(name, path, &none))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	n = fd < 0 ? -1 : read(fd, out, CR_PATH_MAX - 1);
	out[n < 0 ? 0 : n] = 0;
	return *out == '/';
}

int cr_runtime_announce(const char *name, const char *directory, struct cr_err *err)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + ENDING_NS;
	char path[CR_PATH_MAX];
	struct stat a, b;
	int fd, ret = announcement(name, path, err);

	while (!ret) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return cr_fail(err, CR_EXIT_IO, errno, "cannot create %s", path);
		if (!flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &a) && !lstat(path, &b) &&
		    a.st_ino == b.st_ino) {
			if (ftruncate(fd, 0) || cr_write_at(fd, directory, strlen(directory), 0))
				ret = cr_fail(err, CR_EXIT_IO, errno, "cannot write %s", path);
			if (!ret)
				return fd;
		}
		close(fd);
		if (ret)
			return ret;
		fd = living(name);
		if (fd >= 0 || cr_now_ns(CLOCK_MONOTONIC) > end) {
			cr_close_fd(&fd);
			ret = runtime_taken(name, err);
		}
		usleep(TURN_US);
	}
	return ret;
}

void cr_runtime_leave(const char *name, int announced, const char *socket_path)
{
	struct cr_err none = { 0 };
	char path[CR_PATH_MAX];
	struct stat a, b;

	if (*socket_path)
		unlink(socket_path);
	if (announced >= 0 && !announcement(name, path, &none) && !fstat(announced, &a) &&
	    !lstat(path, &b) && a.st_ino == b.st_ino)
		unlink(path);
}

int cr_runtime_await(const char *name, struct cr_err *err)
{
	int64_t began = cr_now_ns(CLOCK_MONOTONIC);

	for (;;) {
		struct cr_err why = { 0 };
		int fd = cr_runtime_connect(name, &why);
		int64_t waited = cr_now_ns(CLOCK_MONOTONIC) - began;

		if (fd < 0 && why.status == CR_EXIT_NOT_FOUND &&
		    waited < (cr_runtime_announced(name) ? STARTING_NS : UNKNOWN_NS)) {
			usleep(TURN_US);
			continue;
		}
		if (fd < 0)
			*err = why;
		return fd;
	}
}

bool cr_runtime_is_running(const char *name)
{
	cr_auto_fd fd = living(name);

	return fd >= 0;
}

/* ---- listening ---- */

int cr_runtime_listen(const char *name, char path[CR_PATH_MAX], struct cr_err *err)
{
	char dirpath[CR_PATH_MAX];
	struct sockaddr_un addr;
	cr_auto_fd dir = -1;
	int fd, other, lock, ret;

	ret = cr_name_check(name, err);
	if (!ret)
		ret = cr_runtime_dir(dirpath, err);
	if (!ret)
		ret = address(name, &addr, &dir, err);
	if (ret)
		return ret;
	if (snprintf(path, CR_PATH_MAX, "%s/%s.sock", dirpath, name) >= CR_PATH_MAX)
		return cr_fail(err, CR_EXIT_USAGE, ENAMETOOLONG, "%s", dirpath);
	/* Two that start at once must not take each other's socket for a dead one's. */
	lock = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	flock(lock, LOCK_EX);
	other = living(name);
	if (other >= 0) {
		close(other);
		close(lock);
		/* The caller may remove its socket on a failure: this one is not its. */
		*path = 0;
		return runtime_taken(name, err);
	}
	if (answers_streams(&addr)) {
		close(lock);
		*path = 0;
		return cr_fail(err, CR_EXIT_EXISTS, 0,
			       "the name '%s' is taken by the socket of crnode (give another name "
			       "with -n)",
			       name);
	}
	unlink(path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 64)) {
		ret = errno;
		cr_close_fd(&fd);
		close(lock);
		return cr_fail(err, CR_EXIT_IO, ret, "cannot create %s", path);
	}
	close(lock);
	return fd;
}
