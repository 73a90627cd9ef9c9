// SPDX-License-Identifier: Apache-2.0
//
// The vdso: code of the kernel whose addresses libc keeps. On the kernel that it came from it is
// moved to the place it had; on another the old bytes stay as memory, and each entry jumps to the
// live one. Runs in: a process that is about to become a saved one.
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxh_x86dispatch.h>

#include "common/err.h"
#include "common/image_read.h"
#include "restart/restart.h"
#include "restart/vdso.h"

int cr_vdso_read(struct cr_restart *r, const struct cr_process_image *p, const cairn_Vma *v,
		 void **saved, struct cr_err *err)
{
	size_t len = v->end - v->start, i;
	char *buf = calloc(1, len);
	int ret;

	*saved = buf;
	if (!buf)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "vdso");
	for (i = 0; i < p->runs.n; i++) {
		const cairn_PageRun *run = &p->runs.v[i];
		cairn_Blob blob = { .offset = run->offset, .size = run->stored, .xxh3 = run->xxh3 };
		cr_auto_free void *data = NULL, *raw = NULL;
		size_t bytes = run->pages * CR_PAGE;

		if (run->addr < v->start || run->addr + bytes > v->end ||
		    run->codec > cairn_Codec_CODEC_LZ4)
			continue;
		ret = cr_image_read_blob(&r->img, &blob, &data, err);
		if (ret)
			return ret;
		if (run->codec == cairn_Codec_CODEC_LZ4 &&
		    cr_unpack(data, run->stored, &raw, bytes))
			return cr_image_damaged(&r->img, err, run->offset, run->stored, "LZ4");
		memcpy(buf + (run->addr - v->start), raw ? raw : data, bytes);
	}
	return 0;
}

struct symbols {
	const Elf64_Sym *v;
	const char *names;
	size_t n;
};

/* The dynamic symbols; their number from the section header, since there may be no DT_HASH. */
static bool find_symbols(const void *image, size_t len, struct symbols *out)
{
	const Elf64_Ehdr *eh = image;
	const Elf64_Shdr *sh;
	size_t i;

	if (len < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
	    eh->e_shoff + eh->e_shnum * sizeof(*sh) > len)
		return false;
	sh = (const void *)((const char *)image + eh->e_shoff);
	for (i = 0; i < eh->e_shnum; i++) {
		if (sh[i].sh_type != SHT_DYNSYM || sh[i].sh_link >= eh->e_shnum ||
		    sh[i].sh_offset + sh[i].sh_size > len ||
		    sh[sh[i].sh_link].sh_offset + sh[sh[i].sh_link].sh_size > len)
			continue;
		out->v = (const void *)((const char *)image + sh[i].sh_offset);
		out->n = sh[i].sh_size / sizeof(*out->v);
		out->names = (const char *)image + sh[sh[i].sh_link].sh_offset;
		return true;
	}
	return false;
}

unsigned int cr_vdso_patch(void *saved, size_t len, const void *live, size_t live_len,
			   uint64_t live_at)
{
	static const unsigned char endbr[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
	struct symbols was, is;
	unsigned int patched = 0;
	size_t i, k;

	if (!find_symbols(saved, len, &was) || !find_symbols(live, live_len, &is))
		return 0;
	for (i = 0; i < was.n; i++) {
		unsigned char *code = (unsigned char *)saved + was.v[i].st_value;
		uint64_t to = 0;

		if (ELF64_ST_TYPE(was.v[i].st_info) != STT_FUNC || was.v[i].st_size < 16 ||
		    was.v[i].st_value + 16 > len)
			continue;
		for (k = 0; k < is.n && !to; k++)
			if (!strcmp(is.names + is.v[k].st_name, was.names + was.v[i].st_name))
				to = live_at + is.v[k].st_value;
		if (!to)
			continue;
		if (!memcmp(code, endbr, sizeof(endbr)))
			code += sizeof(endbr);
		code[0] = 0x48; /* movabs $to, %rax; jmp *%rax */
		code[1] = 0xb8;
		memcpy(code + 2, &to, sizeof(to));
		code[10] = 0xff;
		code[11] = 0xe0;
		patched++;
	}
	return patched;
}
