// SPDX-License-Identifier: Apache-2.0
/* The sixteen SSE registers hold their values across a spin without system calls. */
#include "vec.h"

static void vec_spin(const void *in, void *out)
{
	__asm__ volatile(
		"movups 0(%0), %%xmm0\n\t"
		"movups 16(%0), %%xmm1\n\t"
		"movups 32(%0), %%xmm2\n\t"
		"movups 48(%0), %%xmm3\n\t"
		"movups 64(%0), %%xmm4\n\t"
		"movups 80(%0), %%xmm5\n\t"
		"movups 96(%0), %%xmm6\n\t"
		"movups 112(%0), %%xmm7\n\t"
		"movups 128(%0), %%xmm8\n\t"
		"movups 144(%0), %%xmm9\n\t"
		"movups 160(%0), %%xmm10\n\t"
		"movups 176(%0), %%xmm11\n\t"
		"movups 192(%0), %%xmm12\n\t"
		"movups 208(%0), %%xmm13\n\t"
		"movups 224(%0), %%xmm14\n\t"
		"movups 240(%0), %%xmm15\n\t"
		"1:\tpause\n\t"
		"cmpl $0, %2\n\t"
		"je 1b\n\t"
		"movups %%xmm0, 0(%1)\n\t"
		"movups %%xmm1, 16(%1)\n\t"
		"movups %%xmm2, 32(%1)\n\t"
		"movups %%xmm3, 48(%1)\n\t"
		"movups %%xmm4, 64(%1)\n\t"
		"movups %%xmm5, 80(%1)\n\t"
		"movups %%xmm6, 96(%1)\n\t"
		"movups %%xmm7, 112(%1)\n\t"
		"movups %%xmm8, 128(%1)\n\t"
		"movups %%xmm9, 144(%1)\n\t"
		"movups %%xmm10, 160(%1)\n\t"
		"movups %%xmm11, 176(%1)\n\t"
		"movups %%xmm12, 192(%1)\n\t"
		"movups %%xmm13, 208(%1)\n\t"
		"movups %%xmm14, 224(%1)\n\t"
		"movups %%xmm15, 240(%1)\n\t"
		: : "r"(in), "r"(out), "m"(vec_stop)
		: "memory", "cc",
		  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		  "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	vec_main(16 * 16);
}
