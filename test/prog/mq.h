/* SPDX-License-Identifier: Apache-2.0 */
/* Making POSIX message queues, for their tests. */
#ifndef TEST_MQ_H
#define TEST_MQ_H

#include "ipc.h"

#include <mqueue.h>

static char mq_name[2][64];

static inline mqd_t mq_make(int n, int flags, long messages, long size)
{
	struct mq_attr attr = { .mq_maxmsg = messages, .mq_msgsize = size };
	mqd_t q;

	snprintf(mq_name[n], sizeof(mq_name[n]), "/cairn-test-%d-%d-%ld", getpid(), n,
		 (long)time(NULL));
	q = mq_open(mq_name[n], O_RDWR | O_CREAT | O_EXCL | flags, 0640, &attr);
	CHECK(q >= 0);
	ipc_note("mq", mq_name[n]);
	return q;
}

#endif
