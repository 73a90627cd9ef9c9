// SPDX-License-Identifier: Apache-2.0
/* Threads that have given back libc's area for restartable sequences and have registered others. */
#include "prog.h"

#include <sys/rseq.h>

static struct rseq *libcs(void)
{
	return (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

static _Atomic int replaced;
static __thread struct rseq own __attribute__((aligned(32)));

static void replace(uint32_t signature)
{
	unsigned int len = __rseq_size < 32 ? 32 : __rseq_size;

	CHECK(!syscall(SYS_rseq, libcs(), len, 1, RSEQ_SIG));
	own.cpu_id = -1;
	CHECK(!syscall(SYS_rseq, &own, sizeof(own), 0, signature));
	replaced++;
}

/* It is busy as it was registered: the same place, length and signature. */
static void check(uint32_t signature)
{
	CHECK_EQ(syscall(SYS_rseq, &own, sizeof(own), 0, signature), -1);
	CHECK_EQ(errno, EBUSY);
	CHECK((int)*(volatile uint32_t *)&own.cpu_id >= 0);
}

static void *thread(void *arg)
{
	replace(0x12345678);
	check(0x12345678);
	prog_wait();
	check(0x12345678);
	return arg;
}

static void *given_back(void *arg)
{
	replace(RSEQ_SIG);
	CHECK(!syscall(SYS_rseq, &own, sizeof(own), 1, RSEQ_SIG));
	prog_wait();
	/* So there is room for another. */
	CHECK(!syscall(SYS_rseq, &own, sizeof(own), 0, RSEQ_SIG));
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t others[2];

	prog_init(argc, argv);
	if (!__rseq_size || (int)libcs()->cpu_id < 0)
		prog_skip("the C library has not registered restartable sequences");
	prog_thread(&others[0], thread, NULL);
	prog_thread(&others[1], given_back, NULL);
	while (replaced < (int)ARRAY_SIZE(others))
		prog_nap_ms(1);
	replace(RSEQ_SIG);
	prog_ready();
	prog_wait();
	check(RSEQ_SIG);
	CHECK(!pthread_join(others[0], NULL));
	CHECK(!pthread_join(others[1], NULL));
	prog_pass();
}
