// SPDX-License-Identifier: Apache-2.0
/* The thirty-two AVX-512 registers hold all their bits across a spin. */
#include "vec.h"

static void vec_spin(const void *in, void *out)
{
	__asm__ volatile(
		"vmovups 0(%0), %%zmm0\n\t"
		"vmovups 64(%0), %%zmm1\n\t"
		"vmovups 128(%0), %%zmm2\n\t"
		"vmovups 192(%0), %%zmm3\n\t"
		"vmovups 256(%0), %%zmm4\n\t"
		"vmovups 320(%0), %%zmm5\n\t"
		"vmovups 384(%0), %%zmm6\n\t"
		"vmovups 448(%0), %%zmm7\n\t"
		"vmovups 512(%0), %%zmm8\n\t"
		"vmovups 576(%0), %%zmm9\n\t"
		"vmovups 640(%0), %%zmm10\n\t"
		"vmovups 704(%0), %%zmm11\n\t"
		"vmovups 768(%0), %%zmm12\n\t"
		"vmovups 832(%0), %%zmm13\n\t"
		"vmovups 896(%0), %%zmm14\n\t"
		"vmovups 960(%0), %%zmm15\n\t"
		"vmovups 1024(%0), %%zmm16\n\t"
		"vmovups 1088(%0), %%zmm17\n\t"
		"vmovups 1152(%0), %%zmm18\n\t"
		"vmovups 1216(%0), %%zmm19\n\t"
		"vmovups 1280(%0), %%zmm20\n\t"
		"vmovups 1344(%0), %%zmm21\n\t"
		"vmovups 1408(%0), %%zmm22\n\t"
		"vmovups 1472(%0), %%zmm23\n\t"
		"vmovups 1536(%0), %%zmm24\n\t"
		"vmovups 1600(%0), %%zmm25\n\t"
		"vmovups 1664(%0), %%zmm26\n\t"
		"vmovups 1728(%0), %%zmm27\n\t"
		"vmovups 1792(%0), %%zmm28\n\t"
		"vmovups 1856(%0), %%zmm29\n\t"
		"vmovups 1920(%0), %%zmm30\n\t"
		"vmovups 1984(%0), %%zmm31\n\t"
		"1:\tpause\n\t"
		"cmpl $0, %2\n\t"
		"je 1b\n\t"
		"vmovups %%zmm0, 0(%1)\n\t"
		"vmovups %%zmm1, 64(%1)\n\t"
		"vmovups %%zmm2, 128(%1)\n\t"
		"vmovups %%zmm3, 192(%1)\n\t"
		"vmovups %%zmm4, 256(%1)\n\t"
		"vmovups %%zmm5, 320(%1)\n\t"
		"vmovups %%zmm6, 384(%1)\n\t"
		"vmovups %%zmm7, 448(%1)\n\t"
		"vmovups %%zmm8, 512(%1)\n\t"
		"vmovups %%zmm9, 576(%1)\n\t"
		"vmovups %%zmm10, 640(%1)\n\t"
		"vmovups %%zmm11, 704(%1)\n\t"
		"vmovups %%zmm12, 768(%1)\n\t"
		"vmovups %%zmm13, 832(%1)\n\t"
		"vmovups %%zmm14, 896(%1)\n\t"
		"vmovups %%zmm15, 960(%1)\n\t"
		"vmovups %%zmm16, 1024(%1)\n\t"
		"vmovups %%zmm17, 1088(%1)\n\t"
		"vmovups %%zmm18, 1152(%1)\n\t"
		"vmovups %%zmm19, 1216(%1)\n\t"
		"vmovups %%zmm20, 1280(%1)\n\t"
		"vmovups %%zmm21, 1344(%1)\n\t"
		"vmovups %%zmm22, 1408(%1)\n\t"
		"vmovups %%zmm23, 1472(%1)\n\t"
		"vmovups %%zmm24, 1536(%1)\n\t"
		"vmovups %%zmm25, 1600(%1)\n\t"
		"vmovups %%zmm26, 1664(%1)\n\t"
		"vmovups %%zmm27, 1728(%1)\n\t"
		"vmovups %%zmm28, 1792(%1)\n\t"
		"vmovups %%zmm29, 1856(%1)\n\t"
		"vmovups %%zmm30, 1920(%1)\n\t"
		"vmovups %%zmm31, 1984(%1)\n\t"
		"vzeroupper\n\t"
		: : "r"(in), "r"(out), "m"(vec_stop)
		: "memory", "cc",
		  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		  "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (!__builtin_cpu_supports("avx512f"))
		prog_skip("the processor has no avx512f");
	vec_main(32 * 64);
}
