// SPDX-License-Identifier: Apache-2.0
/* Messages of several priorities and lengths in a POSIX queue; its attributes, name and mode. */
#include "mq.h"

#define N 8

int main(int argc, char **argv)
{
	static const unsigned int prio[N] = { 3, 0, 3, 32767, 0, 7, 3, 0 };
	static const int order[N] = { 3, 5, 0, 2, 6, 1, 4, 7 };
	struct mq_attr attr;
	struct stat st;
	char buf[500];
	unsigned int p;
	mqd_t q, again;
	int i;

	prog_init(argc, argv);
	q = mq_make(0, O_NONBLOCK, 9, 500);
	for (i = 0; i < N; i++) {
		prog_fill(buf, i * 50, i);
		CHECK(!mq_send(q, buf, i * 50, prio[i]));
	}
	prog_ready();
	prog_wait();
	CHECK(!mq_getattr(q, &attr));
	CHECK_EQ(attr.mq_curmsgs, N);
	CHECK_EQ(attr.mq_maxmsg, 9);
	CHECK_EQ(attr.mq_msgsize, 500);
	CHECK_EQ(attr.mq_flags, O_NONBLOCK);
	CHECK(!fstat(q, &st));
	CHECK_EQ(st.st_mode & 07777, 0640);
	CHECK(fcntl(q, F_GETFD) & FD_CLOEXEC);
	again = mq_open(mq_name[0], O_RDONLY);
	CHECK(again >= 0);
	for (i = 0; i < N; i++) {
		CHECK_EQ(mq_receive(again, buf, 500, &p), order[i] * 50);
		CHECK_EQ(p, prio[order[i]]);
		CHECK(prog_filled(buf, order[i] * 50, order[i]));
	}
	CHECK(mq_receive(q, buf, 500, &p) < 0 && errno == EAGAIN);
	CHECK(!mq_unlink(mq_name[0]));
	prog_pass();
}
