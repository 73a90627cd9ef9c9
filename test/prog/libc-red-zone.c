// SPDX-License-Identifier: Apache-2.0
/* The 128 bytes below the stack pointer, which leaf functions use, are not overwritten. */
#include "prog.h"

static atomic_int stop;

static long __attribute__((noinline)) spin(void)
{
	long bad;

	__asm__ volatile(
		"movq $0x5a5a5a5, -8(%%rsp)\n\t"
		"movq $0x6b6b6b6, -64(%%rsp)\n\t"
		"movq $0x7c7c7c7, -128(%%rsp)\n"
		"1:\tpause\n\t"
		"cmpl $0, (%1)\n\t"
		"je 1b\n\t"
		"movq -8(%%rsp), %0\n\t"
		"xorq $0x5a5a5a5, %0\n\t"
		"xorq $0x6b6b6b6, -64(%%rsp)\n\t"
		"orq -64(%%rsp), %0\n\t"
		"xorq $0x7c7c7c7, -128(%%rsp)\n\t"
		"orq -128(%%rsp), %0\n\t"
		: "=&r"(bad) : "r"(&stop) : "cc", "memory");
	return bad;
}

static void *thread(void *arg)
{
	CHECK_EQ(spin(), 0);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	prog_thread(&t, thread, NULL);
	prog_ready();
	prog_wait();
	atomic_store(&stop, 1);
	pthread_join(t, NULL);
	prog_pass();
}
