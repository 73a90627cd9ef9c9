// SPDX-License-Identifier: Apache-2.0
/* Opening a FIFO that nobody has open on the other side waits on. */
#include "prog.h"

static void *opener(void *done)
{
	int fd = open(prog_path("fifo"), O_WRONLY);

	CHECK(fd >= 0);
	*(volatile int *)done = 1;
	CHECK_EQ(write(fd, "ok", 2), 2);
	return NULL;
}

int main(int argc, char **argv)
{
	volatile int done = 0;
	pthread_t t;
	char buf[8];
	int fd;

	prog_init(argc, argv);
	CHECK(!mkfifo(prog_path("fifo"), 0600));
	prog_thread(&t, opener, (void *)&done);
	prog_nap_ms(100);
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(done, 0);
		prog_nap();
	}
	fd = open(prog_path("fifo"), O_RDONLY);
	CHECK(fd >= 0 && read(fd, buf, 8) == 2);
	CHECK(!pthread_join(t, NULL) && done == 1);
	prog_pass();
}
