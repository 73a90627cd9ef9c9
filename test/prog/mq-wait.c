// SPDX-License-Identifier: Apache-2.0
/* A receiver waits at an empty queue, a sender at a full one; numbers flow through a third. */
#include "mq.h"

int main(int argc, char **argv)
{
	long n, got;
	mqd_t empty, full, flow;
	pid_t receiver, sender, source;

	prog_init(argc, argv);
	empty = mq_make(0, 0, 2, sizeof(long));
	full = mq_make(1, 0, 2, sizeof(long));
	CHECK(!mq_unlink(mq_name[0]));
	flow = mq_make(0, 0, 5, sizeof(long));
	for (n = 0; n < 2; n++)
		CHECK(!mq_send(full, (char *)&n, sizeof(n), 0));
	receiver = prog_fork();
	if (!receiver) {
		CHECK_EQ(mq_receive(empty, (char *)&got, sizeof(got), NULL), sizeof(got));
		CHECK_EQ(got, 4711);
		_exit(0);
	}
	sender = prog_fork();
	if (!sender) {
		CHECK(!mq_send(full, (char *)&n, sizeof(n), 0));
		_exit(0);
	}
	source = prog_fork();
	if (!source)
		for (n = 0;; n++)
			CHECK(!mq_send(flow, (char *)&n, sizeof(n), 0));
	prog_ready();
	for (n = 0; !prog_done(); n++) {
		CHECK_EQ(mq_receive(flow, (char *)&got, sizeof(got), NULL), sizeof(got));
		CHECK_EQ(got, n);
		if (n % 50 == 0)
			prog_nap_ms(1);
	}
	ipc_kill(source);
	n = 4711;
	CHECK(!mq_send(empty, (char *)&n, sizeof(n), 0));
	prog_reap(receiver);
	for (n = 0; n < 3; n++) {
		CHECK_EQ(mq_receive(full, (char *)&got, sizeof(got), NULL), sizeof(got));
		CHECK_EQ(got, n);
	}
	prog_reap(sender);
	CHECK(!mq_unlink(mq_name[0]));
	CHECK(!mq_unlink(mq_name[1]));
	prog_pass();
}
