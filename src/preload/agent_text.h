// SPDX-License-Identifier: Apache-2.0
//
// Numbers to text and back, small files of /proc: without libc, for the agent.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "arch/x86_64/syscall.h"

/*
 * A call that makes a descriptor, past a soft limit that the application has used up. Nobody else
 * of the process runs meanwhile, or has the same table.
 */
#define CR_WITH_ROOM(call)                                  \
	({                                                  \
		struct rlimit own_;                         \
		long fd_ = call;                            \
		if (fd_ == -EMFILE && cr_widen(&own_)) {    \
			fd_ = call;                         \
			cr_limit_files(&own_);              \
		}                                           \
		fd_;                                        \
	})

static inline bool cr_limit_files(const struct rlimit *limit)
{
	return !cr_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, limit, NULL);
}

static inline bool cr_widen(struct rlimit *own)
{
	struct rlimit wide;

	if (cr_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, own))
		return false;
	wide = *own;
	wide.rlim_cur = own->rlim_max;
	return cr_limit_files(&wide);
}

/*
 * Opens a file of /proc, by its whole path; by way of proc, the shepherd's /proc, if that is open,
 * as the process may have a root directory without one.
 */
static inline long cr_open_proc(int proc, const char *path, int flags)
{
	if (proc < 0)
		return CR_WITH_ROOM(cr_sys3(SYS_open, path, flags | O_CLOEXEC, 0));
	return CR_WITH_ROOM(
		cr_sys4(SYS_openat, proc, path + sizeof("/proc"), flags | O_CLOEXEC, 0));
}

static inline char *cr_put_text(char *p, const char *text)
{
	while (*text)
		*p++ = *text++;
	*p = 0;
	return p;
}

static inline char *cr_put_number(char *p, uint64_t v)
{
	char digits[24];
	int n = 0;

	do
		digits[n++] = '0' + v % 10;
	while (v /= 10);
	while (n)
		*p++ = digits[--n];
	*p = 0;
	return p;
}

static inline uint64_t cr_get_number(const char **p, unsigned int base)
{
	uint64_t v = 0;

	for (;; (*p)++) {
		char c = **p;
		unsigned int d = c >= '0' && c <= '9' ? c - '0' :
				 c >= 'a' && c <= 'f' ? c - 'a' + 10 :
							99;

		if (d >= base)
			return v;
		v = v * base + d;
	}
}

/* An open directory of /proc, and a buffer for it. */
struct cr_numbers {
	long dir;
	char *buf;
	size_t room;
	long n, at; /* what of it has been read and gone through */
};

/* The next name in it that is a number; -1 at the end. */
static inline int cr_numbers_next(struct cr_numbers *d)
{
	const struct dirent64_head {
		uint64_t ino;
		int64_t off;
		uint16_t len;
		uint8_t type;
		char name[];
	} * e;
	const char *p;

	do {
		if (d->at >= d->n) {
			d->n = cr_sys3(SYS_getdents64, d->dir, d->buf, d->room);
			d->at = 0;
		}
		if (d->n <= 0)
			return -1;
		e = (void *)(d->buf + d->at);
		d->at += e->len;
		p = e->name;
	} while (*p == '.');
	return cr_get_number(&p, 10);
}

/* "/proc/self/task/TID/LEAF"; out has 64 bytes. */
static inline void cr_task_path(char *out, int tid, const char *leaf)
{
	out = cr_put_text(out, "/proc/self/task/");
	out = cr_put_number(out, tid);
	out = cr_put_text(out, "/");
	cr_put_text(out, leaf);
}

/* Reads up to max - 1 bytes and terminates; their number or -errno. */
static inline long cr_read_text(int proc, const char *path, char *buf, long max)
{
	long fd = cr_open_proc(proc, path, O_RDONLY);
	long n = 0, r = 0;

	if (fd < 0)
		return fd;
	while (n < max - 1 && (r = cr_sys3(SYS_read, fd, buf + n, max - 1 - n)) > 0)
		n += r;
	cr_sys1(SYS_close, fd);
	buf[n] = 0;
	return r < 0 ? r : n;
}
