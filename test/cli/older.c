// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded: files whose path contains $OLDER_WITHOUT cannot be opened, as in a user's namespace of
 * older kernels, and there are no socket options of the numbers in $OLDER_OPTION, "8,33" or the
 * like.
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
