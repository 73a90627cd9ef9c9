// SPDX-License-Identifier: Apache-2.0
/* The x87 stack and control word and MXCSR of each thread hold their values. */
#include "prog.h"

#include <fenv.h>

static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
static atomic_int stop;

static void *thread(void *arg)
{
	unsigned int csr, csr_now;
	unsigned short cw, cw_now;
	long me = (long)arg;
	double first = 0;
	long double a;

	CHECK(!fesetround(modes[me]));
	/* Flush-to-zero for every second one, and another precision. */
	__asm__ volatile("stmxcsr %0" : "=m"(csr));
	csr |= me % 2 ? 0x8000 : 0x0040;
	__asm__ volatile("ldmxcsr %0" : : "m"(csr));
	__asm__ volatile("fnstcw %0" : "=m"(cw));
	cw = (cw & ~0x300) | (me % 2 ? 0x200 : 0x300);
	__asm__ volatile("fldcw %0" : : "m"(cw));
	/* Two values wait on the register stack during the spin. */
	__asm__ volatile("fldpi\n\tfldl2e\n"
			 "1:\tpause\n\tcmpl $0, %2\n\tje 1b\n\t"
			 "fstpl %0\n\tfstpt %1"
			 : "=m"(first), "=m"(a) : "m"(stop) : "cc", "memory");
	CHECK(first > 1.4426 && first < 1.4427);
	CHECK(a > 3.14159L && a < 3.14160L);
	__asm__ volatile("stmxcsr %0" : "=m"(csr_now));
	__asm__ volatile("fnstcw %0" : "=m"(cw_now));
	/* The low six bits are sticky exceptions. */
	CHECK_EQ(csr_now & ~0x3f, csr & ~0x3f);
	CHECK_EQ(cw_now, cw);
	CHECK_EQ(fegetround(), modes[me]);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[4];
	long i;

	prog_init(argc, argv);
	for (i = 0; i < 4; i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_ready();
	prog_wait();
	atomic_store(&stop, 1);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
