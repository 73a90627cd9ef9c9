// SPDX-License-Identifier: Apache-2.0
/* A receiver waits for a type that has not come, a sender for room, and numbers flow in between. */
#include "ipc.h"

struct message {
	long type;
	long number;
	char text[900];
};

#define LEN (sizeof(struct message) - sizeof(long))

int main(int argc, char **argv)
{
	static struct message m;
	struct msqid_ds ds;
	pid_t receiver, sender, source;
	int queue, full, flow;
	long i;

	prog_init(argc, argv);
	queue = ipc_msg(IPC_PRIVATE, 0600);
	full = ipc_msg(IPC_PRIVATE, 0600);
	flow = ipc_msg(IPC_PRIVATE, 0600);
	m.type = 1;
	CHECK(!msgsnd(queue, &m, LEN, 0));
	CHECK(!msgctl(full, IPC_STAT, &ds));
	ds.msg_qbytes = 2 * LEN;
	CHECK(!msgctl(full, IPC_SET, &ds));
	for (m.number = 0; m.number < 2; m.number++)
		CHECK(!msgsnd(full, &m, LEN, 0));
	receiver = prog_fork();
	if (!receiver) {
		CHECK_EQ(msgrcv(queue, &m, LEN, 77, 0), LEN);
		CHECK_EQ(m.number, 4711);
		_exit(0);
	}
	sender = prog_fork();
	if (!sender) {
		CHECK(!msgsnd(full, &m, LEN, 0));
		_exit(0);
	}
	source = prog_fork();
	if (!source)
		for (m.number = 0;; m.number++)
			CHECK(!msgsnd(flow, &m, LEN, 0));
	prog_ready();
	for (i = 0; !prog_done(); i++) {
		CHECK_EQ(msgrcv(flow, &m, LEN, 0, 0), LEN);
		CHECK_EQ(m.number, i);
		if (i % 50 == 0)
			prog_nap_ms(1);
	}
	ipc_kill(source);
	m.type = 77;
	m.number = 4711;
	CHECK(!msgsnd(queue, &m, LEN, 0));
	prog_reap(receiver);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(msgrcv(full, &m, LEN, 0, 0), LEN);
		CHECK_EQ(m.number, i);
	}
	prog_reap(sender);
	CHECK(!msgctl(queue, IPC_RMID, NULL));
	CHECK(!msgctl(full, IPC_RMID, NULL));
	CHECK(!msgctl(flow, IPC_RMID, NULL));
	prog_pass();
}
