// SPDX-License-Identifier: Apache-2.0
//
// CPU features by cpuid and xgetbv. libc and the job choose code by these once, at start, so a job
// may only go on where all of them are.
#include "arch/x86_64/cpu.h"

#include <cpuid.h>
#include <stdio.h>
#include <string.h>

#include "common/defs.h"

enum word { W_1C, W_1D, W_7B, W_7C, W_7D, W_71A, W_X1C, W_D1A, WORDS };

/* Bits that programs look at, by word; the others are the kernel's business. */
static const struct {
	unsigned char word, bit;
	const char *name;
} features[] = {
	{ W_1C, 0, "sse3" },	      { W_1C, 1, "pclmulqdq" },
	{ W_1C, 9, "ssse3" },	      { W_1C, 12, "fma" },
	{ W_1C, 13, "cx16" },	      { W_1C, 19, "sse4_1" },
	{ W_1C, 20, "sse4_2" },	      { W_1C, 22, "movbe" },
	{ W_1C, 23, "popcnt" },	      { W_1C, 25, "aes" },
	{ W_1C, 26, "xsave" },	      { W_1C, 28, "avx" },
	{ W_1C, 29, "f16c" },	      { W_1C, 30, "rdrand" },
	{ W_1D, 15, "cmov" },	      { W_1D, 25, "sse" },
	{ W_1D, 26, "sse2" },	      { W_7B, 0, "fsgsbase" },
	{ W_7B, 3, "bmi1" },	      { W_7B, 4, "hle" },
	{ W_7B, 5, "avx2" },	      { W_7B, 8, "bmi2" },
	{ W_7B, 9, "erms" },	      { W_7B, 11, "rtm" },
	{ W_7B, 16, "avx512f" },      { W_7B, 17, "avx512dq" },
	{ W_7B, 18, "rdseed" },	      { W_7B, 19, "adx" },
	{ W_7B, 21, "avx512ifma" },   { W_7B, 23, "clflushopt" },
	{ W_7B, 24, "clwb" },	      { W_7B, 28, "avx512cd" },
	{ W_7B, 29, "sha_ni" },	      { W_7B, 30, "avx512bw" },
	{ W_7B, 31, "avx512vl" },     { W_7C, 1, "avx512vbmi" },
	{ W_7C, 3, "pku" },	      { W_7C, 6, "avx512vbmi2" },
	{ W_7C, 8, "gfni" },	      { W_7C, 9, "vaes" },
	{ W_7C, 10, "vpclmulqdq" },   { W_7C, 11, "avx512vnni" },
	{ W_7C, 12, "avx512bitalg" }, { W_7C, 14, "avx512vpopcntdq" },
	{ W_7C, 22, "rdpid" },	      { W_7C, 27, "movdiri" },
	{ W_7D, 22, "amx_bf16" },     { W_7D, 23, "avx512fp16" },
	{ W_7D, 24, "amx_tile" },     { W_7D, 25, "amx_int8" },
	{ W_71A, 4, "avx_vnni" },     { W_71A, 5, "avx512bf16" },
	{ W_X1C, 0, "lahf_lm" },      { W_X1C, 5, "lzcnt" },
	{ W_X1C, 6, "sse4a" },	      { W_D1A, 0, "xsaveopt" },
	{ W_D1A, 1, "xsavec" },
};

static const char *const states[] = {
	"x87",	       "sse",	       "avx",	      "mpx", "mpx",
	"avx512-mask", "avx512-hi256", "avx512-hi16", "pt",  "pku",
};

static bool cpu_has(const cairn_CpuFeatures *cpu, size_t feature)
{
	unsigned int w = features[feature].word;

	return w < cpu->words_count && cpu->words[w] >> features[feature].bit & 1;
}

const char *cr_cpu_feature(const cairn_CpuFeatures *cpu, size_t i)
{
	size_t k;

	for (k = 0; k < CR_ARRAY_SIZE(features); k++)
		if (cpu_has(cpu, k) && !i--)
			return features[k].name;
	return NULL;
}

const char *cr_cpu_name(size_t k)
{
	return k < CR_ARRAY_SIZE(features) ? features[k].name : NULL;
}

void cr_cpu_clear(cairn_CpuFeatures *cpu, size_t k)
{
	if (features[k].word < cpu->words_count)
		cpu->words[features[k].word] &= ~(1u << features[k].bit);
}

bool cr_cpu_has(const cairn_CpuFeatures *cpu, const char *name)
{
	size_t k;

	for (k = 0; k < CR_ARRAY_SIZE(features); k++)
		if (!strcmp(features[k].name, name))
			return cpu_has(cpu, k);
	return false;
}

int cr_cpu_level(const cairn_CpuFeatures *cpu)
{
	/* What each adds to the one before, from the second on. */
	static const char *const levels[][8] = {
		{ "cx16", "lahf_lm", "popcnt", "sse3", "sse4_1", "sse4_2", "ssse3" },
		{ "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "lzcnt", "movbe" },
		{ "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl" },
	};
	size_t l, i;

	for (l = 0; l < CR_ARRAY_SIZE(levels); l++)
		for (i = 0; i < CR_ARRAY_SIZE(levels[l]) && levels[l][i]; i++)
			if (!cr_cpu_has(cpu, levels[l][i]))
				return l + 1;
	return l + 1;
}

/* AMD and Intel put the same registers at different places. */
static void read_places(cairn_CpuFeatures *out)
{
	unsigned int a, b, c, d, i;

	out->places_count = CR_ARRAY_SIZE(out->places);
	for (i = 0; i < out->places_count; i++)
		if (out->xcr0 >> (i + 2) & 1 && __get_cpuid_count(0xd, i + 2, &a, &b, &c, &d))
			out->places[i] = b;
}

/* Whether the kernel would look for part i of the state elsewhere than where the image has it. */
static bool moved(const cairn_CpuFeatures *had, const cairn_CpuFeatures *here, size_t i)
{
	return i >= 2 && i - 2 < had->places_count && i - 2 < here->places_count &&
	       had->places[i - 2] && here->places[i - 2] &&
	       had->places[i - 2] != here->places[i - 2];
}

void cr_cpu_read(cairn_CpuFeatures *out)
{
	unsigned int a, b, c, d;

	memset(out, 0, sizeof(*out));
	out->words_count = WORDS;
	if (__get_cpuid(1, &a, &b, &c, &d)) {
		out->words[W_1C] = c;
		out->words[W_1D] = d;
	}
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
		out->words[W_7B] = b;
		out->words[W_7C] = c;
		out->words[W_7D] = d;
	}
	if (__get_cpuid_count(7, 1, &a, &b, &c, &d))
		out->words[W_71A] = a;
	if (__get_cpuid(0x80000001, &a, &b, &c, &d))
		out->words[W_X1C] = c;
	if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d))
		out->words[W_D1A] = a;
	if (out->words[W_1C] >> 27 & 1) {
		__asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
		out->xcr0 = (uint64_t)d << 32 | a;
		read_places(out);
	}
}

int cr_cpu_without(cairn_CpuFeatures *cpu, const char *names, struct cr_err *err)
{
	size_t len, k;

	for (; names && *names; names += len + !!names[len]) {
		len = strcspn(names, ",");
		for (k = 0; k < CR_ARRAY_SIZE(features); k++)
			if (strlen(features[k].name) == len &&
			    !strncmp(features[k].name, names, len))
				break;
		if (k == CR_ARRAY_SIZE(features))
			return cr_fail(err, CR_EXIT_USAGE, 0,
				       "--cpu-ignore: there is no CPU feature '%.*s' that would be "
				       "compared (see crimage show)",
				       (int)len, names);
		cr_cpu_clear(cpu, k);
	}
	return 0;
}

/* What can be done about it: no option takes a part of the state out of threads' registers. */
static const char *cpu_advice(bool state)
{
	return state ? "restart it on a CPU that has them, state:… at the same places; a job that "
		       "is to go to both kinds is launched where there is less of it" :
		       "restart it on a CPU that has them; what it surely does not use, "
		       "--cpu-ignore leaves out, and --cpu-baseline keeps a job from using it";
}

int cr_cpu_check(const cairn_CpuFeatures *had, const cairn_CpuFeatures *here, struct cr_err *err)
{
	uint64_t lost = had->xcr0 & ~here->xcr0;
	bool state = false;
	char names[400] = "";
	size_t i, n = 0;

	for (i = 0; i < CR_ARRAY_SIZE(features); i++) {
		if (!cpu_has(had, i) || cpu_has(here, i) || n + 24 > sizeof(names))
			continue;
		n += snprintf(names + n, sizeof(names) - n, " %s", features[i].name);
	}
	for (i = 0; i < 64; i++) {
		if (!(lost >> i & 1) && !moved(had, here, i))
			continue;
		state = true;
		if (n + 24 < sizeof(names))
			n += snprintf(names + n, sizeof(names) - n, " state:%s",
				      i < CR_ARRAY_SIZE(states) ? states[i] : "amx");
	}
	if (!n)
		return 0;
	return cr_fail(err, CR_EXIT_CPU, 0, "this CPU lacks what the job's had:%s (%s)", names,
		       cpu_advice(state));
}
