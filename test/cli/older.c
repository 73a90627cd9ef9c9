// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded: files whose path contains $OLDER_WITHOUT cannot be opened, as in a user's namespace of
 * older kernels, there are no socket options of the numbers in $OLDER_OPTION, "8,33" or the like,
 * and with $OLDER_STOPS /proc does not show that somebody is yet to be told of a process's stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int open64(const char *path, int flags, ...)
{
	const char *without = getenv("OLDER_WITHOUT");
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (without && strstr(path, without)) {
		errno = EACCES;
		return -1;
	}
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	const char *option = getenv("OLDER_OPTION");

	for (; option && level == SOL_SOCKET; option = strchr(option, ',')) {
		option += *option == ',';
		if (atoi(option) == name) {
			errno = ENOPROTOOPT;
			return -1;
		}
	}
	return syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* Of what may be a /proc/PID/stat: the last number is 0 if that is stopped. */
static void hide_stop(char *text, size_t n)
{
	char *p = memrchr(text, ')', n), *end = text + n;

	if (!p || end - p < 4 || (p[2] != 'T' && p[2] != 't'))
		return;
	for (p = memrchr(text, ' ', n) + 1; p < end && *p >= '0' && *p <= '9'; p++)
		*p = '0';
}

ssize_t read(int fd, void *to, size_t n)
{
	ssize_t ret = syscall(SYS_read, fd, to, n);

	if (ret > 0 && getenv("OLDER_STOPS"))
		hide_stop(to, ret);
	return ret;
}
