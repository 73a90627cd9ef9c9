// SPDX-License-Identifier: Apache-2.0
//
// Files: whole reads and writes, directories, cleanup of fds and buffers, growing arrays.
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static inline void cr_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void cr_free_ptr(void *p)
{
	free(*(void **)p);
}

#define cr_auto_fd __attribute__((cleanup(cr_close_fd))) int
#define cr_auto_free __attribute__((cleanup(cr_free_ptr)))

/* All of it or -errno (-EIO at an early end of file). */
int cr_read_at(int fd, void *buf, size_t len, off_t offset);
int cr_write_all(int fd, const void *buf, size_t len);
int cr_write_at(int fd, const void *buf, size_t len, off_t offset);

/* The whole file, zero-terminated and malloced, relative to dirfd; its length or -errno. */
ssize_t cr_slurp(int dirfd, const char *path, char **out);

/* A short string into an existing file, as for /proc; 0 or -errno. */
int cr_write_file(const char *path, const char *text);

int cr_mkdir_p(const char *path, mode_t mode);

/*
 * To append to: made if it is missing, and ours alone, as others may be able to put something else
 * there. -errno.
 */
int cr_open_log(const char *path);

/* A folder and all that is in it, following nothing; what cannot be removed stays. */
void cr_remove_tree(int parent, const char *name);

/* A directory to read, of what is at or below dirfd; NULL with errno. */
DIR *cr_open_dir(int dirfd, const char *path);
/* Its next entry but . and .., NULL at the end or without a directory. */
struct dirent *cr_next_entry(DIR *d);
/* The next entry's name that is a number, as /proc has them; -1 at the end. */
int cr_next_number(DIR *d);

static inline void cr_close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define cr_auto_dir __attribute__((cleanup(cr_close_dir))) DIR

/* Where a descriptor of ours is found by its number: a path that leads to the very same. */
struct cr_fd_path {
	char text[32];
};
struct cr_fd_path cr_fd_path(int fd);

/* What it is called there, zero-terminated, "" if nothing; its length. */
size_t cr_fd_link(int fd, char *out, size_t room);

static inline int64_t cr_now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Doubling array: makes room for one more element and returns its (zeroed) place, or NULL. */
void *cr_grow(void *array_ptr, size_t *count, size_t *room, size_t size);
/* How often it has been NULL in this process: so it is seen that something was left out since. */
unsigned long cr_grow_failures(void);

#define CR_LIST(type)        \
	struct {             \
		type *v;     \
		size_t n;    \
		size_t room; \
	}
#define cr_list_add(list) \
	((__typeof__((list)->v))cr_grow(&(list)->v, &(list)->n, &(list)->room, sizeof(*(list)->v)))

/* Of processes. */
typedef CR_LIST(pid_t) cr_pids;
