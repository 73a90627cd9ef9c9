// SPDX-License-Identifier: Apache-2.0
/* Expirations that nobody has read stay readable; a timer that is not armed stays so. */
#include "timerfd.h"

static void flags_are(int fd, const char *what)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	if (!strstr(text, what))
		prog_fail(__FILE__, __LINE__, "no %s in %s", what, text);
}

int main(int argc, char **argv)
{
	int once, absolute, idle, read_once, many;
	uint64_t n;

	prog_init(argc, argv);
	once = timerfd_create(CLOCK_MONOTONIC, 0);
	absolute = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
	idle = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
	read_once = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	many = timerfd_create(CLOCK_MONOTONIC, 0);
	tfd_set(once, 0, 0.001, 0);
	tfd_set(absolute, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, 1, 0);
	tfd_set(read_once, 0, 0.001, 0);
	tfd_set(many, 0, 0.001, 0.0005);
	prog_nap_ms(30);
	CHECK_EQ(tfd_read(read_once), 1);
	n = tfd_read(many);
	CHECK(n > 10);
	tfd_set(many, 0, 0.001, 3000);
	prog_nap_ms(10);
	prog_ready();
	prog_wait();
	CHECK(tfd_ready(once) && tfd_ready(absolute) && tfd_ready(many));
	CHECK(!tfd_ready(idle) && !tfd_ready(read_once));
	CHECK_EQ(tfd_read(once), 1);
	CHECK(tfd_left(once) == 0);
	CHECK_EQ(tfd_read(absolute), 1);
	CHECK(tfd_left(idle) == 0);
	CHECK(read(idle, &n, 8) == -1 && errno == EAGAIN);
	CHECK(read(read_once, &n, 8) == -1 && errno == EAGAIN);
	CHECK_EQ(tfd_read(many), 1);
	CHECK_EQ(fcntl(absolute, F_GETFD), FD_CLOEXEC);
	flags_are(absolute, "settime flags: 03");
	flags_are(absolute, "clockid: 0");
	flags_are(once, "settime flags: 00");
	flags_are(idle, "clockid: 7");
	tfd_set(read_once, 0, 0.001, 0);
	prog_nap_ms(20);
	CHECK_EQ(tfd_read(read_once), 1);
	prog_pass();
}
