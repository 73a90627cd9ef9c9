/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the programs about pseudo terminals. */
#ifndef TEST_PTY_H
#define TEST_PTY_H

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include "prog.h"

static inline int pty_master(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	CHECK(fd >= 0);
	CHECK(!grantpt(fd));
	CHECK(!unlockpt(fd));
	return fd;
}

static inline int pty_slave(int master)
{
	char name[64];
	int fd;

	CHECK(!ptsname_r(master, name, sizeof(name)));
	fd = open(name, O_RDWR | O_NOCTTY);
	CHECK(fd >= 0);
	return fd;
}

static inline void pty_pair(int *master, int *slave)
{
	*master = pty_master();
	*slave = pty_slave(*master);
}

/* Bytes pass as they are. */
static inline void pty_raw(int fd)
{
	struct termios t;

	CHECK(!tcgetattr(fd, &t));
	cfmakeraw(&t);
	CHECK(!tcsetattr(fd, TCSANOW, &t));
}

static inline void pty_local(int fd, tcflag_t off, tcflag_t on)
{
	struct termios t;

	CHECK(!tcgetattr(fd, &t));
	t.c_lflag = (t.c_lflag & ~off) | on;
	CHECK(!tcsetattr(fd, TCSANOW, &t));
}

static inline bool pty_ready(int fd, short events, int ms)
{
	struct pollfd p = { fd, events, 0 };

	return poll(&p, 1, ms) == 1 && p.revents & events;
}

static inline void pty_put(int fd, const void *data, size_t len)
{
	CHECK_EQ(write(fd, data, len), len);
}

/* Exactly these bytes come, and no more are there. */
static inline void pty_expect(int fd, const void *data, size_t len)
{
	char buf[70000];
	size_t have = 0;
	ssize_t n;

	CHECK(len < sizeof(buf));
	while (have < len && pty_ready(fd, POLLIN, 20000)) {
		n = read(fd, buf + have, sizeof(buf) - have);
		CHECK(n > 0);
		have += n;
	}
	CHECK_EQ(have, len);
	CHECK(!memcmp(buf, data, len));
	CHECK(!pty_ready(fd, POLLIN, 0));
}

/* One read brings exactly this. */
static inline void pty_expect_line(int fd, const void *data, size_t len)
{
	char buf[8192];

	CHECK(pty_ready(fd, POLLIN, 20000));
	CHECK_EQ(read(fd, buf, sizeof(buf)), len);
	CHECK(!memcmp(buf, data, len));
}

/* The whole way works, both ways, in canonical mode with or without echo. */
static inline void pty_works(int master, int slave)
{
	pty_local(slave, ECHO, ICANON);
	pty_put(master, "ping\n", 5);
	pty_expect_line(slave, "ping\n", 5);
	pty_put(slave, "pong", 4);
	pty_expect(master, "pong", 4);
}

#endif
