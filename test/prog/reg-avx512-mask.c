// SPDX-License-Identifier: Apache-2.0
/* The eight AVX-512 mask registers hold their values across a spin. */
#include "vec.h"

static void vec_spin(const void *in, void *out)
{
	__asm__ volatile(
		"kmovq (%0), %%k0\n\tkmovq 8(%0), %%k1\n\tkmovq 16(%0), %%k2\n\t"
		"kmovq 24(%0), %%k3\n\tkmovq 32(%0), %%k4\n\tkmovq 40(%0), %%k5\n\t"
		"kmovq 48(%0), %%k6\n\tkmovq 56(%0), %%k7\n"
		"1:\tpause\n\t"
		"cmpl $0, %2\n\t"
		"je 1b\n\t"
		"kmovq %%k0, (%1)\n\tkmovq %%k1, 8(%1)\n\tkmovq %%k2, 16(%1)\n\t"
		"kmovq %%k3, 24(%1)\n\tkmovq %%k4, 32(%1)\n\tkmovq %%k5, 40(%1)\n\t"
		"kmovq %%k6, 48(%1)\n\tkmovq %%k7, 56(%1)\n\t"
		: : "r"(in), "r"(out), "m"(vec_stop) : "memory", "cc");
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	if (!__builtin_cpu_supports("avx512bw"))
		prog_skip("the processor has no avx512bw");
	vec_main(64);
}
