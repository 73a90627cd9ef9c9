// SPDX-License-Identifier: Apache-2.0
/* The sixteen AVX registers hold all their bits across a spin without system calls. */
#include "vec.h"

static void vec_spin(const void *in, void *out)
{
	__asm__ volatile(
		"vmovups 0(%0), %%ymm0\n\t"
		"vmovups 32(%0), %%ymm1\n\t"
		"vmovups 64(%0), %%ymm2\n\t"
		"vmovups 96(%0), %%ymm3\n\t"
		"vmovups 128(%0), %%ymm4\n\t"
		"vmovups 160(%0), %%ymm5\n\t"
		"vmovups 192(%0), %%ymm6\n\t"
		"vmovups 224(%0), %%ymm7\n\t"
		"vmovups 256(%0), %%ymm8\n\t"
		"vmovups 288(%0), %%ymm9\n\t"
		"vmovups 320(%0), %%ymm10\n\t"
		"vmovups 352(%0), %%ymm11\n\t"
		"vmovups 384(%0), %%ymm12\n\t"
		"vmovups 416(%0), %%ymm13\n\t"
		"vmovups 448(%0), %%ymm14\n\t"
		"vmovups 480(%0), %%ymm15\n\t"
		"1:\tpause\n\t"
		"cmpl $0, %2\n\t"
		"je 1b\n\t"
		"vmovups %%ymm0, 0(%1)\n\t"
		"vmovups %%ymm1, 32(%1)\n\t"
		"vmovups %%ymm2, 64(%1)\n\t"
		"vmovups %%ymm3, 96(%1)\n\t"
		"vmovups %%ymm4, 128(%1)\n\t"
		"vmovups %%ymm5, 160(%1)\n\t"
		"vmovups %%ymm6, 192(%1)\n\t"
		"vmovups %%ymm7, 224(%1)\n\t"
		"vmovups %%ymm8, 256(%1)\n\t"
		"vmovups %%ymm9, 288(%1)\n\t"
		"vmovups %%ymm10, 320(%1)\n\t"
		"vmovups %%ymm11, 352(%1)\n\t"
		"vmovups %%ymm12, 384(%1)\n\t"
		"vmovups %%ymm13, 416(%1)\n\t"
		"vmovups %%ymm14, 448(%1)\n\t"
		"vmovups %%ymm15, 480(%1)\n\t"
		"vzeroupper\n\t"
		: : "r"(in), "r"(out), "m"(vec_stop)
		: "memory", "cc",
		  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		  "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (!__builtin_cpu_supports("avx"))
		prog_skip("the processor has no avx");
	vec_main(16 * 32);
}
