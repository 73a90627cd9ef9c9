// SPDX-License-Identifier: Apache-2.0
//
// Baselines: the levels of the x86-64 ABI, and CPUs as compilers call them; and the variables that
// cap what glibc and numerical, cryptographic and other libraries pick. Hosted code, in crlaunch
// and crrestart. On failure nothing is capped, and the caller says so.
#include "arch/x86_64/baseline.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/cpu.h"
#include "common/defs.h"

#define HWCAPS "glibc.cpu.hwcaps="

/*
 * Each has what the one named second has, and more. XSAVE is in no second level, but the dynamic
 * linker uses it whatever it is told, and every CPU with AVX has it.
 */
static const struct baseline {
	const char *name, *also, *features;
} baselines[] = {
	{ "x86-64-v2", NULL, "cmov sse sse2 sse3 ssse3 sse4_1 sse4_2 cx16 lahf_lm popcnt xsave" },
	{ "x86-64-v3", "x86-64-v2", "avx avx2 bmi1 bmi2 f16c fma lzcnt movbe" },
	{ "x86-64-v4", "x86-64-v3", "avx512f avx512bw avx512cd avx512dq avx512vl" },
	{ "haswell", "x86-64-v3", "pclmulqdq fsgsbase rdrand xsaveopt erms" },
	{ "skylake", "haswell", "aes adx rdseed clflushopt xsavec" },
	{ "skylake-avx512", "skylake",
	  "avx512f avx512bw avx512cd avx512dq avx512vl clwb pku" },
	{ "icelake-server", "skylake-avx512",
	  "avx512ifma avx512vbmi avx512vbmi2 avx512vnni avx512bitalg avx512vpopcntdq sha_ni gfni "
	  "vaes vpclmulqdq rdpid" },
	{ "znver1", "x86-64-v3",
	  "pclmulqdq fsgsbase rdrand xsaveopt aes adx rdseed clflushopt xsavec sha_ni sse4a" },
	{ "znver2", "znver1", "clwb rdpid" },
	{ "znver3", "znver2", "erms pku vaes vpclmulqdq" },
};

static const struct baseline *baseline_find(const char *name)
{
	size_t i;

	for (i = 0; name && i < CR_ARRAY_SIZE(baselines); i++)
		if (!strcmp(baselines[i].name, name))
			return &baselines[i];
	return NULL;
}

static bool lists(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (; *list; list += len + !!list[len]) {
		len = strcspn(list, " ");
		if (len == n && !memcmp(list, word, n))
			return true;
	}
	return false;
}

static bool contains(const struct baseline *b, const char *feature)
{
	for (; b; b = baseline_find(b->also))
		if (lists(b->features, feature))
			return true;
	return false;
}

int cr_baseline_check(const char *name, struct cr_err *err)
{
	char names[200] = "";
	size_t i, n = 0;

	if (!*name || baseline_find(name))
		return 0;
	for (i = 0; i < CR_ARRAY_SIZE(baselines); i++)
		n += snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
			      baselines[i].name);
	return cr_fail(err, CR_EXIT_USAGE, 0, "--cpu-baseline %s: there are %s", name, names);
}

void cr_baseline_cap(cairn_CpuFeatures *cpu, const char *name)
{
	const struct baseline *b = baseline_find(name);
	const char *feature;
	size_t i;

	for (i = 0; b && (feature = cr_cpu_name(i)); i++)
		if (!contains(b, feature))
			cr_cpu_clear(cpu, i);
}

/* ---- the environment ---- */

struct cap {
	const cairn_CpuFeatures *here;
	cairn_CpuFeatures capped;
	int error;
};

static bool baseline_gone(const struct cap *c, const char *feature)
{
	return cr_cpu_has(c->here, feature) && !cr_cpu_has(&c->capped, feature);
}

static void baseline_set(struct cap *c, const char *name, const char *value, int replace)
{
	if (setenv(name, value, replace))
		c->error = errno;
}

/* All that glibc can be told to do without; it derives which glibc-hwcaps folders it looks in. */
static void cap_glibc(struct cap *c)
{
	static const char *const known[] = { "avx",	 "avx2",     "avx512f",	 "avx512bw",
					     "avx512cd", "avx512dq", "avx512vl", "bmi1",
					     "bmi2",	 "erms",     "fma",	 "lzcnt",
					     "movbe",	 "rtm",	     "xsavec" };
	const char *old = getenv("GLIBC_TUNABLES"), *at = old;
	char list[256] = "", *value;
	size_t i, n = 0, k;

	for (i = 0; i < CR_ARRAY_SIZE(known); i++) {
		if (!baseline_gone(c, known[i]))
			continue;
		n += snprintf(list + n, sizeof(list) - n, "%s-", n ? "," : "");
		for (k = 0; known[i][k]; k++)
			list[n++] = toupper(known[i][k]);
		list[n] = 0;
	}
	if (!n)
		return;
	/* The last of several counts, so theirs and ours are made one. */
	while (at && (at = strstr(at, HWCAPS)) && at != old && at[-1] != ':')
		at++;
	if (at)
		k = asprintf(&value, "%.*s" HWCAPS "%s,%s", (int)(at - old), old, list,
			     at + strlen(HWCAPS));
	else
		k = asprintf(&value, "%s%s" HWCAPS "%s", old ? old : "", old && *old ? ":" : "",
			     list);
	if (k == (size_t)-1) {
		c->error = ENOMEM;
		return;
	}
	baseline_set(c, "GLIBC_TUNABLES", value, 1);
	free(value);
}

/* Names of its own for sets of instructions. It warns of those that it or the CPU does not have. */
static void cap_numpy(struct cap *c)
{
	static const char *const known[][2] = {
		{ "AVX", "avx" },	   { "F16C", "f16c" },
		{ "FMA3", "fma" },	   { "AVX2", "avx2" },
		{ "AVX512F", "avx512f" },  { "AVX512CD", "avx512cd" },
		{ "AVX512_SKX", "avx512bw" },  { "AVX512_CLX", "avx512vnni" },
		{ "AVX512_CNL", "avx512vbmi" }, { "AVX512_ICL", "avx512bitalg" },
	};
	char list[160] = "";
	size_t i, n = 0;

	for (i = 0; i < CR_ARRAY_SIZE(known); i++)
		if (baseline_gone(c, known[i][1]))
			n += snprintf(list + n, sizeof(list) - n, "%s%s", n ? "," : "",
				      known[i][0]);
	if (n)
		baseline_set(c, "NPY_DISABLE_CPU_FEATURES", list, 0);
}

/* Leaves 1 and 7 of cpuid, and which of their bits do not count. */
static void cap_openssl(struct cap *c)
{
	const uint32_t *h = c->here->words, *w = c->capped.words;
	uint64_t first = h[0] & ~w[0], second = h[3] & ~w[3];
	char value[64];

	first = first << 32 | (h[1] & ~w[1]);
	second = second << 32 | (h[2] & ~w[2]);
	snprintf(value, sizeof(value), "~0x%llx:~0x%llx", (unsigned long long)first,
		 (unsigned long long)second);
	if (first || second)
		baseline_set(c, "OPENSSL_ia32cap", value, 0);
}

/* The last of several options counts: the user's stand behind ours. */
static void cap_java(struct cap *c)
{
	static const char *const known[][2] = {
		{ "aes", " -XX:-UseAES" },
		{ "sha_ni", " -XX:-UseSHA" },
		{ "pclmulqdq", " -XX:-UseCLMUL" },
		{ "bmi1", " -XX:-UseBMI1Instructions" },
		{ "bmi2", " -XX:-UseBMI2Instructions" },
	};
	const cairn_CpuFeatures *f = &c->capped;
	const char *old = getenv("JAVA_TOOL_OPTIONS");
	char list[200], *value;
	size_t i, n;

	n = snprintf(list, sizeof(list), "-XX:UseAVX=%d",
		     cr_cpu_has(f, "avx512f") ? 3 :
		     cr_cpu_has(f, "avx2")    ? 2 :
						cr_cpu_has(f, "avx"));
	for (i = 0; i < CR_ARRAY_SIZE(known); i++)
		if (baseline_gone(c, known[i][0]))
			n += snprintf(list + n, sizeof(list) - n, "%s", known[i][1]);
	if (asprintf(&value, "%s%s%s", list, old ? " " : "", old ? old : "") < 0) {
		c->error = ENOMEM;
		return;
	}
	baseline_set(c, "JAVA_TOOL_OPTIONS", value, 1);
	free(value);
}

/* Those that only know kinds of CPU. */
static void cap_levels(struct cap *c)
{
	static const char *const known[][4] = {
		{ "OPENBLAS_CORETYPE", "Nehalem", "Haswell", "SkylakeX" },
		{ "MKL_ENABLE_INSTRUCTIONS", "SSE4_2", "AVX2", "AVX512" },
		{ "ONEDNN_MAX_CPU_ISA", "SSE41", "AVX2", "AVX512_CORE" },
		{ "DNNL_MAX_CPU_ISA", "SSE41", "AVX2", "AVX512_CORE" },
		/* What it picks by itself is never more than the fourth level. */
		{ "ATEN_CPU_CAPABILITY", "default", "avx2", NULL },
	};
	int level = cr_cpu_level(&c->capped);
	size_t i;

	for (i = 0; level >= 2 && i < CR_ARRAY_SIZE(known); i++)
		if (known[i][level - 1])
			baseline_set(c, known[i][0], known[i][level - 1], 0);
}

int cr_baseline_environment(const cairn_CpuFeatures *here, const char *name)
{
	struct cap c = { .here = here, .capped = *here };

	cr_baseline_cap(&c.capped, name);
	if (!memcmp(&c.capped, here, sizeof(*here)))
		return 0;
	cap_glibc(&c);
	cap_numpy(&c);
	cap_openssl(&c);
	cap_java(&c);
	cap_levels(&c);
	return -c.error;
}
