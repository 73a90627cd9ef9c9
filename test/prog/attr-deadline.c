// SPDX-License-Identifier: Apache-2.0
/* A thread of SCHED_DEADLINE, which the kernel does not let fork. */
#include "prog.h"

static struct {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
} attr = { sizeof(attr), 6, 0, 0, 0, 5000000, 50000000, 100000000 };

static void check(void)
{
	__typeof__(attr) got;

	CHECK(!syscall(SYS_sched_getattr, 0, &got, sizeof(got), 0));
	CHECK_EQ(got.policy, 6);
	CHECK_EQ(got.flags, 0);
	CHECK_EQ(got.runtime, attr.runtime);
	CHECK_EQ(got.deadline, attr.deadline);
	CHECK_EQ(got.period, attr.period);
	CHECK(fork() < 0 && errno == EAGAIN);
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (syscall(SYS_sched_setattr, 0, &attr, 0))
		prog_skip("no SCHED_DEADLINE for us here");
	check();
	prog_ready();
	prog_watch(check);
	prog_pass();
}
