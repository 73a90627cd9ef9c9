// SPDX-License-Identifier: Apache-2.0
/* SysV messages in a queue: types, lengths, order, who sent and received last, limits. */
#include "ipc.h"

#define N 40

struct message {
	long type;
	char text[1000];
};

int main(int argc, char **argv)
{
	struct message m;
	struct msqid_ds ds;
	key_t key = ipc_key(0);
	pid_t child;
	int id, empty, i;

	prog_init(argc, argv);
	id = ipc_msg(key, 0660);
	empty = ipc_msg(IPC_PRIVATE, 0600);
	child = prog_fork();
	if (!child) {
		m.type = 9;
		CHECK(!msgsnd(id, &m, 0, 0));
		CHECK_EQ(msgrcv(id, &m, 1000, 9, 0), 0);
		_exit(0);
	}
	prog_reap(child);
	for (i = 0; i < N; i++) {
		m.type = 1 + i % 7;
		prog_fill(m.text, i * 5, i);
		CHECK(!msgsnd(id, &m, i * 5, 0));
	}
	CHECK(!msgctl(id, IPC_STAT, &ds));
	ds.msg_qbytes = 5000;
	CHECK(!msgctl(id, IPC_SET, &ds));
	prog_ready();
	prog_wait();
	CHECK(!msgctl(id, IPC_STAT, &ds));
	CHECK_EQ(ds.msg_qnum, N);
	CHECK_EQ(ds.__msg_cbytes, 5 * N * (N - 1) / 2);
	CHECK_EQ(ds.msg_qbytes, 5000);
	CHECK_EQ(ds.msg_lspid, getpid());
	CHECK_EQ(ds.msg_lrpid, child);
	CHECK_EQ(ds.msg_perm.mode, 0660);
	CHECK_EQ(msgget(key, 0), id);
	/* One of a type from the middle, then all others in order. */
	CHECK_EQ(msgrcv(id, &m, 1000, 5, 0), 20);
	CHECK(prog_filled(m.text, 20, 4));
	for (i = 0; i < N; i++) {
		if (i == 4)
			continue;
		CHECK_EQ(msgrcv(id, &m, 1000, 0, IPC_NOWAIT), i * 5);
		CHECK_EQ(m.type, 1 + i % 7);
		CHECK(prog_filled(m.text, i * 5, i));
	}
	CHECK(msgrcv(id, &m, 1000, 0, IPC_NOWAIT) < 0 && errno == ENOMSG);
	CHECK(!msgctl(empty, IPC_STAT, &ds));
	CHECK_EQ(ds.msg_qnum, 0);
	CHECK_EQ(ds.msg_lspid, 0);
	CHECK(!msgctl(id, IPC_RMID, NULL));
	CHECK(!msgctl(empty, IPC_RMID, NULL));
	prog_pass();
}
