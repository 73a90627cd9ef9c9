// SPDX-License-Identifier: Apache-2.0
/* A queue with more room than a new namespace allows to others than root. */
#include <mqueue.h>

#include "prog.h"

int main(int argc, char **argv)
{
	struct mq_attr attr = { .mq_maxmsg = 20, .mq_msgsize = 64 };
	char name[64], text[64];
	int fd, i;

	prog_init(argc, argv);
	snprintf(name, sizeof(name), "/cairn-large-%d", getpid());
	fd = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	if (fd < 0 && errno == EINVAL)
		prog_skip("this host allows no such queue");
	CHECK(fd >= 0 && !mq_unlink(name));
	for (i = 0; i < 20; i++)
		CHECK(!mq_send(fd, "abc", 3, i));
	prog_ready();
	prog_wait();
	CHECK(!mq_getattr(fd, &attr));
	CHECK_EQ(attr.mq_maxmsg, 20);
	for (i = 20; i-- > 0;) {
		unsigned int priority;

		CHECK_EQ(mq_receive(fd, text, sizeof(text), &priority), 3);
		CHECK_EQ(priority, i);
	}
	prog_pass();
}
