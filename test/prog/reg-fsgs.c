// SPDX-License-Identifier: Apache-2.0
/* The FS and GS bases of each thread hold their values. */
#include "prog.h"

#include <asm/prctl.h>

static void *thread(void *arg)
{
	unsigned long fs, gs, now;
	long block[4] = { 0x1234, (long)arg, 0, 0 }, got;

	CHECK(!syscall(SYS_arch_prctl, ARCH_SET_GS, block));
	CHECK(!syscall(SYS_arch_prctl, ARCH_GET_FS, &fs));
	gs = (unsigned long)block;
	while (!prog_done()) {
		CHECK(!syscall(SYS_arch_prctl, ARCH_GET_GS, &now) && now == gs);
		CHECK(!syscall(SYS_arch_prctl, ARCH_GET_FS, &now) && now == fs);
		__asm__ volatile("movq %%gs:8, %0" : "=r"(got) : : "memory");
		CHECK_EQ(got, (long)arg);
		prog_nap();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[3];
	long i;

	prog_init(argc, argv);
	for (i = 0; i < 3; i++)
		prog_thread(&t[i], thread, (void *)(i + 7));
	prog_ready();
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
