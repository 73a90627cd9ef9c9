// SPDX-License-Identifier: Apache-2.0
//
// Pieces of a restart that can be tried in one process: places in the address space, a vdso made
// to jump to the live one, the check of unused bytes.
#include "common/proc.h"
#include "restart/restart.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>

#include "common/image_read.h"
#include "restart/check.h"
#include "restart/layout.h"
#include "restart/vdso.h"
#include "unit.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define HUGE (2ul << 20)

static uint64_t state = 88172645463325252ull;

static bool apart(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
	return a_end <= b || b_end <= a;
}

/* What the saved process shall have: some mappings, in the way of the first places. */
static void make_process(struct cr_process_image *p)
{
	int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < 50; i++) {
		cairn_Vma *v = cr_list_add(&p->vmas);

		v->start = 0x10000000 + i * 3 * HUGE +
			   sample_random(&state) % (HUGE / CR_PAGE) * CR_PAGE;
		v->end = v->start + CR_PAGE * (1 + sample_random(&state) % 700);
		v->grows_down = i == 49;
	}
	p->vmas.v[49].start += 200ul << 20;
	p->vmas.v[49].end += 200ul << 20;
	p->process.start_brk = 0x40000000;
	p->core.brk = 0x40100000;
}

START_TEST(places)
{
	struct cr_process_image p;
	struct cr_span found[200];
	struct cr_layout l;
	size_t i, k;

	make_process(&p);
	ck_assert_int_eq(cr_layout_read(&l, &p), 0);
	ck_assert_uint_ne(l.vdso[0].start, 0);
	ck_assert_uint_eq(l.vdso[0].start, getauxval(AT_SYSINFO_EHDR));
	for (i = 0; i < 200; i++) {
		uint64_t like = sample_random(&state) % (1ul << 47) / CR_PAGE * CR_PAGE;
		uint64_t len = CR_PAGE * (1 + sample_random(&state) % 2000);
		uint64_t at = cr_layout_find(&l, len, like);

		ck_assert_uint_ne(at, 0);
		ck_assert_uint_eq(at % HUGE, like % HUGE);
		for (k = 0; k < p.vmas.n; k++)
			ck_assert(apart(at, at + len, p.vmas.v[k].start, p.vmas.v[k].end));
		ck_assert(apart(at, at + len, p.vmas.v[49].start - (64ul << 20),
				p.vmas.v[49].start));
		ck_assert(apart(at, at + len, p.process.start_brk, p.core.brk + (64ul << 20)));
		for (k = 0; k < i; k++)
			ck_assert(apart(at, at + len, found[k].start, found[k].end));
		found[i] = (struct cr_span){ at, at + len };
		/* Nothing of ours is there. */
		ck_assert_ptr_eq(mmap((void *)at, len, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
					      MAP_FIXED_NOREPLACE, -1, 0),
				 (void *)at);
	}
	ck_assert_uint_eq(cr_layout_find(&l, -(1ul << 40), 0), 0);
	free(l.v);
	free(p.vmas.v);
}
END_TEST

/* Little room: a gap that fits only at one offset. */
START_TEST(tight)
{
	struct cr_span *v = calloc(2, sizeof(*v));
	struct cr_layout l = { .v = v, .n = 2, .room = 2 };

	v[0] = (struct cr_span){ 0, 0x20001000 };
	v[1] = (struct cr_span){ 0x20003000, 0x7ffffffff000 };
	ck_assert_uint_eq(cr_layout_find(&l, 3 * CR_PAGE, 0x1000), 0);
	ck_assert_uint_eq(cr_layout_find(&l, CR_PAGE, 0x3000), 0);
	ck_assert_uint_eq(cr_layout_find(&l, CR_PAGE, 0x5000 + 0x7ff0000 * HUGE), 0);
	ck_assert_uint_eq(cr_layout_find(&l, CR_PAGE, 0x1000 + 7 * HUGE), 0x20001000);
	ck_assert_uint_eq(cr_layout_find(&l, CR_PAGE, 0x2000), 0x20002000);
	ck_assert_uint_eq(cr_layout_find(&l, CR_PAGE, 0x1000), 0);
	free(l.v);
}
END_TEST

/* Where a dynamic symbol of the vdso is, 0 if it has none of that name. */
static uint64_t symbol(const char *image, const char *name)
{
	const Elf64_Ehdr *eh = (const void *)image;
	const Elf64_Shdr *sh = (const void *)(image + eh->e_shoff);
	size_t i, k;

	for (i = 0; i < eh->e_shnum; i++) {
		const Elf64_Sym *sym = (const void *)(image + sh[i].sh_offset);
		const char *names = image + sh[sh[i].sh_link].sh_offset;

		for (k = 0; sh[i].sh_type == SHT_DYNSYM && k < sh[i].sh_size / sizeof(*sym); k++)
			if (!strcmp(names + sym[k].st_name, name))
				return sym[k].st_value;
	}
	return 0;
}

static const char *live_vdso(size_t *len)
{
	struct cr_maps maps;
	size_t i;

	*len = 0;
	ck_assert_int_eq(cr_proc_maps(getpid(), false, &maps), 0);
	for (i = 0; i < maps.n; i++)
		if (!strcmp(maps.v[i].path, "[vdso]"))
			*len = maps.v[i].end - maps.v[i].start;
	cr_maps_free(&maps);
	ck_assert_uint_ne(*len, 0);
	return (const char *)getauxval(AT_SYSINFO_EHDR);
}

START_TEST(vdso)
{
	int (*gettime)(clockid_t clock, struct timespec *t);
	size_t len, at;
	const char *live = live_vdso(&len);
	char *copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct timespec t, before, after;
	unsigned int patched;

	memcpy(copy, live, len);
	patched = cr_vdso_patch(copy, len, live, len, (uint64_t)live);
	ck_assert_uint_ge(patched, 4);
	at = symbol(copy, "__vdso_clock_gettime");
	ck_assert_uint_ne(at, 0);
	ck_assert_int_ne(memcmp(copy + at, live + at, 16), 0);
	/* Nothing but the entries has changed. */
	ck_assert_mem_eq(copy, live, sizeof(Elf64_Ehdr));
	ck_assert_int_eq(mprotect(copy, len, PROT_READ | PROT_EXEC), 0);
	gettime = (void *)(copy + at);
	clock_gettime(CLOCK_MONOTONIC, &before);
	ck_assert_int_eq(gettime(CLOCK_MONOTONIC, &t), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert(t.tv_sec > before.tv_sec ||
		  (t.tv_sec == before.tv_sec && t.tv_nsec >= before.tv_nsec));
	ck_assert(t.tv_sec < after.tv_sec ||
		  (t.tv_sec == after.tv_sec && t.tv_nsec <= after.tv_nsec));
	munmap(copy, len);
}
END_TEST

START_TEST(no_vdso)
{
	size_t len;
	const char *live = live_vdso(&len);
	char *copy = calloc(1, len);

	/* Zeros, too short, cut off: nothing is patched, nothing beyond the end is read. */
	ck_assert_uint_eq(cr_vdso_patch(copy, len, live, len, (uint64_t)live), 0);
	ck_assert_uint_eq(cr_vdso_patch(copy, 10, live, len, (uint64_t)live), 0);
	memcpy(copy, live, len);
	copy = realloc(copy, 100);
	ck_assert_uint_eq(cr_vdso_patch(copy, 100, live, len, (uint64_t)live), 0);
	free(copy);
}
END_TEST

static void open_sample(struct cr_image *img)
{
	static struct sample s;
	struct cr_err err = { 0 };
	char path[CR_PATH_MAX];

	ck_assert_int_eq(sample_write(&s, unit_dir, false, path, &err), 0);
	ck_assert_msg(!cr_image_open(img, path, &err), "%s", err.text);
}

START_TEST(checks)
{
	struct cr_err err = { 0 };
	struct cr_image img;
	cairn_Process *p;

	open_sample(&img);
	p = &img.processes.v[0].process;
	ck_assert_int_eq(cr_restart_check(&img, false, &err), 0);
	p->exe_size++;
	unit_refused(cr_restart_check(&img, false, &err), &err, CR_EXIT_CHANGED, p->exe);
	cr_err_clear(&err);
	strcpy(p->exe, "/nowhere/at/all");
	unit_refused(cr_restart_check(&img, true, &err), &err, CR_EXIT_CHANGED, p->exe);
	cr_err_clear(&err);
	p->zombie = true;
	free(img.processes.v[0].vmas.v[1].path);
	img.processes.v[0].vmas.v[1].path = strdup("/nowhere/either");
	ck_assert_int_eq(cr_restart_check(&img, false, &err), 0);
	img.manifest.cpu.words_count = 8;
	img.manifest.cpu.xcr0 = 1ul << 63;
	unit_refused(cr_restart_check(&img, false, &err), &err, CR_EXIT_CPU, "state");
	cr_err_clear(&err);
	img.manifest.cpu.xcr0 = 0;
	/* avx_vnni and sse4a: no CPU has both; libraries were told to do without. */
	img.manifest.cpu.words[5] = 1 << 4;
	img.manifest.cpu.words[6] = 1 << 6;
	unit_refused(cr_restart_check(&img, false, &err), &err, CR_EXIT_CPU, "lacks");
	cr_err_clear(&err);
	strcpy(img.job.cpu_baseline, "x86-64-v2");
	ck_assert_int_eq(cr_restart_cpu(&img, NULL, &err), 0);
	ck_assert_int_eq(img.manifest.cpu.words[5] | img.manifest.cpu.words[6], 0);
	/* A blob that nothing describes leaves bytes set that nobody checks. */
	img.blobs.n = 0;
	unit_refused(cr_restart_check(&img, false, &err), &err, CR_EXIT_DAMAGED, CR_PACK);
	cr_image_free(&img);
	cr_err_clear(&err);
	unit_refused(cr_restart_check(&img, false, &err), &err, CR_EXIT_DAMAGED, "no process");
}
END_TEST

TCase *unit_restart(void)
{
	TCase *c = tcase_create("restart");

	tcase_add_checked_fixture(c, unit_setup, unit_teardown);
	tcase_add_test(c, places);
	tcase_add_test(c, tight);
	tcase_add_test(c, vdso);
	tcase_add_test(c, no_vdso);
	tcase_add_test(c, checks);
	return c;
}
