/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of inotify share. */
#ifndef TEST_INOTIFY_H
#define TEST_INOTIFY_H

#include "prog.h"

#include <sys/inotify.h>
#include <sys/ioctl.h>

static inline int in_watch(int fd, const char *path, uint32_t mask)
{
	int wd = inotify_add_watch(fd, path, mask);

	if (wd < 0)
		prog_fail(__FILE__, __LINE__, "inotify_add_watch %s", path);
	return wd;
}

static inline int in_waiting(int fd)
{
	int n;

	CHECK(!ioctl(fd, FIONREAD, &n));
	return n;
}

/* Reads one event as text: "WD MASK name"; cookies of one rename are compared by the caller. */
static inline const char *in_read(int fd, uint32_t *cookie)
{
	static char text[400], buf[8192];
	static ssize_t have, at;
	static int of = -1;
	struct inotify_event *e;

	if (of != fd || at >= have) {
		CHECK(of == fd || at >= have);
		have = read(fd, buf, sizeof(buf));
		if (have < 0 && errno == EAGAIN) {
			have = at = 0;
			return "none";
		}
		CHECK(have > 0);
		at = 0;
		of = fd;
	}
	e = (void *)(buf + at);
	at += sizeof(*e) + e->len;
	snprintf(text, sizeof(text), "%d %x %s", e->wd, e->mask, e->len ? e->name : "");
	if (cookie)
		*cookie = e->cookie;
	return text;
}

__attribute__((format(printf, 2, 3)))
static inline uint32_t in_expect(int fd, const char *fmt, ...)
{
	const char *got;
	uint32_t cookie = 0;
	char want[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(want, sizeof(want), fmt, ap);
	va_end(ap);
	got = in_read(fd, &cookie);
	if (strcmp(got, want))
		prog_fail(__FILE__, __LINE__, "event '%s', not '%s'", got, want);
	return cookie;
}

static inline void in_touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	CHECK(fd >= 0);
	close(fd);
}

#endif
