// SPDX-License-Identifier: Apache-2.0
/* A queue that nobody has open keeps its messages under its name. */
#include "mq.h"

int main(int argc, char **argv)
{
	char buf[64];
	unsigned int p;
	mqd_t q;

	prog_init(argc, argv);
	q = mq_make(0, 0, 4, 64);
	CHECK(!mq_send(q, "kept", 5, 9));
	CHECK(!mq_close(q));
	prog_ready();
	prog_wait();
	q = mq_open(mq_name[0], O_RDONLY | O_NONBLOCK);
	CHECK(q >= 0);
	CHECK_EQ(mq_receive(q, buf, 64, &p), 5);
	CHECK_EQ(p, 9);
	CHECK(!mq_unlink(mq_name[0]));
	prog_pass();
}
