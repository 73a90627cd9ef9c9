// SPDX-License-Identifier: Apache-2.0
/* An AMX tile and its configuration hold their contents across a spin. */
#include "vec.h"

#include <cpuid.h>

#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_XTILEDATA 18

static const struct {
	uint8_t palette, start_row, zero[14];
	uint16_t colsb[16];
	uint8_t rows[16];
} config __attribute__((aligned(64))) = {
	.palette = 1, .colsb = { 64, 64 }, .rows = { 16, 16 },
};

static void vec_spin(const void *in, void *out)
{
	__asm__ volatile(
		"ldtilecfg (%4)\n\t"
		"tileloadd (%0,%3,1), %%tmm0\n\t"
		"tileloadd 1024(%0,%3,1), %%tmm1\n"
		"1:\tpause\n\t"
		"cmpl $0, %2\n\t"
		"je 1b\n\t"
		"tilestored %%tmm0, (%1,%3,1)\n\t"
		"tilestored %%tmm1, 1024(%1,%3,1)\n\t"
		"tilerelease\n\t"
		: : "r"(in), "r"(out), "m"(vec_stop), "r"(64L), "r"(&config) : "memory", "cc");
}

int main(int argc, char **argv)
{
	unsigned int a, b, c, d;

	prog_init(argc, argv);
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & 1 << 24))
		prog_skip("the processor has no AMX");
	if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA))
		prog_skip("the kernel does not permit AMX");
	vec_main(2048);
}
