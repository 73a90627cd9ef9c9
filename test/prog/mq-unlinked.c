// SPDX-License-Identifier: Apache-2.0
/* A queue without a name between parent and child, each with its end; another has the name now. */
#include "mq.h"

int main(int argc, char **argv)
{
	char buf[64], name[64];
	mqd_t q, rd, wr, other;
	pid_t child;

	prog_init(argc, argv);
	q = mq_make(0, 0, 4, 64);
	rd = mq_open(mq_name[0], O_RDONLY);
	wr = mq_open(mq_name[0], O_WRONLY);
	CHECK(rd >= 0 && wr >= 0);
	strcpy(name, mq_name[0]);
	CHECK(!mq_unlink(name));
	other = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
	CHECK(other >= 0);
	CHECK(!mq_send(other, "other", 6, 0));
	CHECK(!mq_send(q, "first", 6, 1));
	mq_close(q);
	child = prog_fork();
	if (!child) {
		mq_close(rd);
		mq_close(other);
		prog_wait();
		CHECK(!mq_send(wr, "second", 7, 1));
		CHECK(mq_receive(wr, buf, 64, NULL) < 0 && errno == EBADF);
		_exit(0);
	}
	mq_close(wr);
	prog_ready();
	prog_wait();
	CHECK_EQ(mq_receive(rd, buf, 64, NULL), 6);
	CHECK(!strcmp(buf, "first"));
	CHECK_EQ(mq_receive(rd, buf, 64, NULL), 7);
	CHECK(!strcmp(buf, "second"));
	CHECK(mq_send(rd, "x", 1, 0) < 0 && errno == EBADF);
	prog_reap(child);
	q = mq_open(name, O_RDONLY);
	CHECK(q >= 0);
	{
		char big[8192];

		CHECK_EQ(mq_receive(q, big, sizeof(big), NULL), 6);
		CHECK(!strcmp(big, "other"));
	}
	CHECK(!mq_unlink(name));
	prog_pass();
}
