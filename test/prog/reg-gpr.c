// SPDX-License-Identifier: Apache-2.0
/* All general registers and the flags hold their values across a loop of machine code. */
#include "prog.h"

static atomic_int stop;

/* Ten registers carry noise through a spin that makes no system call; zero if all survive. */
static long spin(void)
{
	long bad;

	__asm__ volatile(
		"movabs $0x1111111111111111, %%rbx\n\t"
		"movabs $0x2222222222222222, %%rcx\n\t"
		"movabs $0x3333333333333333, %%rdx\n\t"
		"movabs $0x4444444444444444, %%rsi\n\t"
		"movabs $0x5555555555555555, %%rdi\n\t"
		"movabs $0x8888888888888888, %%r8\n\t"
		"movabs $0x9999999999999999, %%r9\n\t"
		"movabs $0xaaaaaaaaaaaaaaaa, %%r10\n\t"
		"movabs $0xbbbbbbbbbbbbbbbb, %%r11\n\t"
		"movabs $0xcccccccccccccccc, %%r12\n\t"
		"movabs $0xdddddddddddddddd, %%r13\n\t"
		"movabs $0xeeeeeeeeeeeeeeee, %%r14\n\t"
		"std\n"
		"1:\tpause\n\t"
		"cmpl $0, %1\n\t"
		"je 1b\n\t"
		"pushfq\n\t"
		"popq %%rax\n\t"
		"cld\n\t"
		"notq %%rax\n\t"
		"andq $0x400, %%rax\n\t"
		"xorq %%rbx, %%rcx\n\t"		/* 3333 */
		"xorq %%rdx, %%rcx\n\t"		/* 0 */
		"orq %%rcx, %%rax\n\t"
		"xorq %%rsi, %%rdi\n\t"		/* 1111 */
		"xorq %%r8, %%rdi\n\t"		/* 9999 */
		"xorq %%r9, %%rdi\n\t"
		"orq %%rdi, %%rax\n\t"
		"xorq %%r10, %%r11\n\t"		/* 1111 */
		"xorq %%r12, %%r11\n\t"		/* dddd */
		"xorq %%r13, %%r11\n\t"
		"orq %%r11, %%rax\n\t"
		"addq %%rbx, %%r14\n\t"		/* ffff */
		"notq %%r14\n\t"
		"orq %%r14, %%rax\n\t"
		: "=&a"(bad) : "m"(stop)
		: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "cc", "memory");
	return bad;
}

static void *thread(void *arg)
{
	(void)arg;
	CHECK_EQ(spin(), 0);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[2];

	prog_init(argc, argv);
	prog_thread(&t[0], thread, NULL);
	prog_thread(&t[1], thread, NULL);
	prog_ready();
	prog_wait();
	atomic_store(&stop, 1);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	prog_pass();
}
