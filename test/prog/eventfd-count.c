// SPDX-License-Identifier: Apache-2.0
/* Counters keep their values, from none to the greatest, and whether reads take one or all. */
#include "prog.h"

#include <sys/eventfd.h>

static int make(uint64_t value, int flags)
{
	int fd = eventfd(0, flags);

	CHECK(fd >= 0);
	CHECK(!value || write(fd, &value, 8) == 8);
	return fd;
}

static uint64_t take(int fd)
{
	uint64_t v;

	CHECK_EQ(read(fd, &v, 8), 8);
	return v;
}

int main(int argc, char **argv)
{
	int none, five, top, three, big;
	char path[64], text[512];
	uint64_t v = 1;

	prog_init(argc, argv);
	none = make(0, EFD_NONBLOCK);
	five = make(5, EFD_CLOEXEC);
	top = make(UINT64_MAX - 1, EFD_NONBLOCK);
	three = make(3, EFD_SEMAPHORE | EFD_NONBLOCK);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", three);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	if (!strstr(text, "eventfd-semaphore:"))
		prog_skip("this kernel does not tell semaphores from counters");
	big = make(1ull << 40, EFD_SEMAPHORE);
	prog_ready();
	prog_wait();
	CHECK(read(none, &v, 8) == -1 && errno == EAGAIN);
	CHECK_EQ(take(five), 5);
	CHECK_EQ(fcntl(five, F_GETFD), FD_CLOEXEC);
	CHECK(!(fcntl(five, F_GETFL) & O_NONBLOCK));
	v = 1;
	CHECK(write(top, &v, 8) == -1 && errno == EAGAIN);
	CHECK(take(top) == UINT64_MAX - 1);
	CHECK(write(top, &v, 8) == 8 && take(top) == 1);
	CHECK_EQ(take(three), 1);
	CHECK_EQ(take(three), 1);
	CHECK_EQ(take(three), 1);
	CHECK(read(three, &v, 8) == -1 && errno == EAGAIN);
	CHECK_EQ(take(big), 1);
	CHECK_EQ(fcntl(big, F_GETFD), 0);
	prog_pass();
}
