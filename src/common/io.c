// SPDX-License-Identifier: Apache-2.0
//
// Whole reads and writes, small files, growing arrays. Hosted code only.
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int cr_read_at(int fd, void *buf, size_t len, off_t offset)
{
	while (len) {
		ssize_t n = pread(fd, buf, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf = (char *)buf + n;
		offset += n;
		len -= n;
	}
	return 0;
}

int cr_write_all(int fd, const void *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf = (const char *)buf + n;
		len -= n;
	}
	return 0;
}

int cr_write_at(int fd, const void *buf, size_t len, off_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, buf, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf = (const char *)buf + n;
		offset += n;
		len -= n;
	}
	return 0;
}

ssize_t cr_slurp(int dirfd, const char *path, char **out)
{
	size_t room = 4096, n = 0;
	char *buf;
	int fd;

	*out = NULL;
	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	buf = malloc(room);
	while (buf) {
		ssize_t r = read(fd, buf + n, room - n - 1);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			int error = errno;

			free(buf);
			close(fd);
			return -error;
		}
		if (!r)
			break;
		n += r;
		if (room - n < 2) {
			char *more = realloc(buf, room *= 2);

			if (!more)
				free(buf);
			buf = more;
		}
	}
	close(fd);
	if (!buf)
		return -ENOMEM;
	buf[n] = 0;
	*out = buf;
	return n;
}

int cr_write_file(const char *path, const char *text)
{
	cr_auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	return n < 0 ? -errno : 0;
}

int cr_mkdir_p(const char *path, mode_t mode)
{
	char buf[PATH_MAX];
	char *p;

	if (strlen(path) >= sizeof(buf))
		return -ENAMETOOLONG;
	strcpy(buf, path);
	for (p = buf + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(buf, mode) && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	if (mkdir(buf, mode) && errno != EEXIST)
		return -errno;
	return 0;
}

int cr_open_log(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = open(path, flags, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink > 1) {
		close(fd);
		return -EPERM;
	}
	fcntl(fd, F_SETFL, O_APPEND);
	return fd;
}

static DIR *io_open_dir(int dirfd, const char *path, int flags)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		cr_close_fd(&fd);
	return d;
}

DIR *cr_open_dir(int dirfd, const char *path)
{
	return io_open_dir(dirfd, path, 0);
}

struct dirent *cr_next_entry(DIR *d)
{
	struct dirent *e = NULL;

	while (d && (e = readdir(d)) && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")))
		;
	return e;
}

int cr_next_number(DIR *d)
{
	struct dirent *e;

	while ((e = cr_next_entry(d)))
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
			return atoi(e->d_name);
	return -1;
}

struct cr_fd_path cr_fd_path(int fd)
{
	struct cr_fd_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

size_t cr_fd_link(int fd, char *out, size_t room)
{
	ssize_t n = readlink(cr_fd_path(fd).text, out, room - 1);

	out[n < 0 ? 0 : n] = 0;
	return n < 0 ? 0 : n;
}

void cr_remove_tree(int parent, const char *name)
{
	DIR *dir = io_open_dir(parent, name, O_NOFOLLOW);
	struct dirent *e;

	while ((e = cr_next_entry(dir)))
		if (unlinkat(dirfd(dir), e->d_name, 0) && (errno == EISDIR || errno == EPERM))
			cr_remove_tree(dirfd(dir), e->d_name);
	cr_close_dir(&dir);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static atomic_ulong grow_failures;

unsigned long cr_grow_failures(void)
{
	return grow_failures;
}

void *cr_grow(void *array_ptr, size_t *count, size_t *room, size_t size)
{
	char **array = array_ptr;

	if (*count == *room) {
		size_t want = *room ? *room * 2 : 16;
		char *more = realloc(*array, want * size);

		if (!more) {
			grow_failures++;
			return NULL;
		}
		*array = more;
		*room = want;
	}
	memset(*array + *count * size, 0, size);
	return *array + (*count)++ * size;
}
