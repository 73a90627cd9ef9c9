// SPDX-License-Identifier: Apache-2.0
/* Raw futexes across processes: wait, wait with a bitset and an absolute time, requeued, waitv. */
#include "ipc.h"

#include <linux/futex.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

static uint32_t *word;

static long futex(uint32_t *w, int op, uint32_t value, const void *t, uint32_t *w2, uint32_t v3)
{
	return syscall(SYS_futex, w, op, value, t, w2, v3);
}

int main(int argc, char **argv)
{
	struct {
		uint64_t value, address;
		uint32_t flags, reserved;
	} v = { 0 };
	struct timespec until;
	pid_t child[4];
	bool lacks = false;
	int i;

	prog_init(argc, argv);
	word = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	CHECK(!clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_sec += 100000;
	v.address = (uintptr_t)&word[30];
	v.flags = 2; /* of 32 bits */
	lacks = syscall(SYS_futex_waitv, &v, 0, 0, NULL, 0) < 0 && errno == ENOSYS;
	for (i = 0; i < 4 - lacks; i++) {
		child[i] = prog_fork();
		if (child[i])
			continue;
		while (!word[i * 10])
			if (i == 0)
				futex(&word[0], FUTEX_WAIT, 0, NULL, NULL, 0);
			else if (i == 1)
				futex(&word[10], FUTEX_WAIT_BITSET, 0, &until, NULL, 6);
			else if (i == 2)
				CHECK(!futex(&word[21], FUTEX_WAIT, 0, NULL, NULL, 0) ||
				      errno == EAGAIN);
			else
				syscall(SYS_futex_waitv, &v, 1, 0, NULL, 0);
		_exit(0);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < 4 - lacks; i++)
		CHECK(!waitpid(child[i], NULL, WNOHANG));
	/* They may not be back in the kernel yet. */
	for (i = 0; i < 2; i++) {
		word[i * 10] = 1;
		futex(&word[i * 10], FUTEX_WAKE, 1, NULL, NULL, 0);
		prog_reap(child[i]);
	}
	while (futex(&word[21], FUTEX_CMP_REQUEUE, 0, (void *)1l, &word[20], 0) != 1)
		prog_nap();
	word[20] = word[21] = 1;
	CHECK_EQ(futex(&word[20], FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	prog_reap(child[2]);
	if (!lacks) {
		word[30] = 1;
		futex(&word[30], FUTEX_WAKE, 1, NULL, NULL, 0);
		prog_reap(child[3]);
	}
	prog_pass();
}
