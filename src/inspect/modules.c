// SPDX-License-Identifier: Apache-2.0
//
// Modules: what the ELF header in memory says of where a program or library lies and where its
// unwind table is, and whose symbols belong to it. Symbols come from its file, if that is still the
// one that was mapped, and from separate debug information of the same build-id; the vdso has its
// own in memory. Runs in: crimage; what is in memory may be anything.
#include "inspect/modules.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "common/elf_id.h"
#include "common/err.h"
#include "common/image.h"
#include "common/io.h"
#include "inspect/inspect_memory.h"
#include "inspect/symbols.h"

#define DEBUG_FILES "/usr/lib/debug/.build-id"
#define VDSO_MAX (1ul << 20)
#define HEADERS_MAX 128

struct cr_modules {
	struct cr_memory *memory;
	const struct cr_process_image *p;
	CR_LIST(struct cr_module) all;
};

int cr_modules_open(struct cr_modules **out, struct cr_memory *m, const struct cr_process_image *p,
		    struct cr_err *err)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "modules");
	(*out)->memory = m;
	(*out)->p = p;
	return 0;
}

void cr_modules_close(struct cr_modules *ms)
{
	size_t i;

	for (i = 0; ms && i < ms->all.n; i++)
		cr_symbols_free(ms->all.v[i].symbols);
	if (ms)
		free(ms->all.v);
	free(ms);
}

static bool same_module(const cairn_Vma *a, const cairn_Vma *b)
{
	return a->kind == b->kind && a->dev == b->dev && a->inode == b->inode &&
	       !strcmp(a->path, b->path);
}

/* Where the file begins in memory; *v if it is not known. */
static const cairn_Vma *first_mapping(const struct cr_modules *ms, const cairn_Vma *v)
{
	const cairn_Vma *u = v;

	while (u->offset && u > ms->p->vmas.v) {
		u--;
		if (!u->offset && same_module(u, v))
			return u;
	}
	return u->offset ? v : u;
}

static void read_headers(struct cr_modules *ms, struct cr_module *m, uint64_t at)
{
	struct cr_err ignored = { 0 };
	Elf64_Phdr ph[HEADERS_MAX];
	Elf64_Ehdr eh;
	bool placed = false;
	int i;

	if (cr_memory_read(ms->memory, at, &eh, sizeof(eh), &ignored) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_phentsize != sizeof(*ph) || eh.e_phnum > HEADERS_MAX ||
	    cr_memory_read(ms->memory, at + eh.e_phoff, ph, eh.e_phnum * sizeof(*ph), &ignored))
		return;
	for (i = 0; i < eh.e_phnum && !placed; i++) {
		placed = ph[i].p_type == PT_LOAD && ph[i].p_offset < CR_PAGE;
		if (placed)
			m->bias = at - (ph[i].p_vaddr & -CR_PAGE);
	}
	for (i = 0; i < eh.e_phnum && placed; i++)
		if (ph[i].p_type == PT_GNU_EH_FRAME)
			m->table = m->bias + ph[i].p_vaddr;
}

struct cr_module *cr_modules_find(struct cr_modules *ms, uint64_t addr)
{
	const cairn_Vma *v, *first;
	struct cr_module *m;
	size_t i;

	for (i = 0; i < ms->all.n; i++)
		if (ms->all.v[i].start <= addr && addr < ms->all.v[i].end)
			return &ms->all.v[i];
	v = cr_memory_vma(ms->memory, addr);
	if (!v || (v->kind != cairn_VmaKind_VMA_FILE && v->kind != cairn_VmaKind_VMA_VDSO))
		return NULL;
	m = cr_list_add(&ms->all);
	if (!m)
		return NULL;
	first = v->kind == cairn_VmaKind_VMA_VDSO ? v : first_mapping(ms, v);
	/* Without a header: places in the file. */
	*m = (struct cr_module){
		.vma = v, .start = v->start, .end = v->end, .bias = v->start - v->offset
	};
	read_headers(ms, m, first->start);
	return m;
}

/* ---- symbols ---- */

static void add_debug_file(struct cr_symbols *s, const uint8_t *id, size_t len)
{
	char path[128];
	struct cr_elf_info elf;
	cr_auto_fd fd = -1;
	size_t i, n;

	if (len < 2 || len > sizeof(elf.build_id))
		return;
	n = snprintf(path, sizeof(path), DEBUG_FILES "/%02x/", id[0]);
	for (i = 1; i < len; i++)
		n += snprintf(path + n, sizeof(path) - n, "%02x", id[i]);
	snprintf(path + n, sizeof(path) - n, ".debug");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !cr_elf_read(fd, &elf) && elf.build_id_len == len &&
	    !memcmp(elf.build_id, id, len))
		cr_symbols_add_file(s, fd);
}

static void add_vdso(struct cr_modules *ms, struct cr_symbols *s, const cairn_Vma *v)
{
	size_t len = v->end - v->start < VDSO_MAX ? v->end - v->start : VDSO_MAX;
	cr_auto_free char *image = malloc(len);
	struct cr_err ignored = { 0 };

	if (image && !cr_memory_read(ms->memory, v->start, image, len, &ignored))
		cr_symbols_add_image(s, image, len);
}

static void load_symbols(struct cr_modules *ms, struct cr_module *m)
{
	cr_auto_fd fd = -1;

	m->symbols = cr_symbols_new();
	if (!m->symbols)
		return;
	if (m->vma->kind == cairn_VmaKind_VMA_VDSO) {
		add_vdso(ms, m->symbols, m->vma);
		return;
	}
	fd = cr_mapped_file(m->vma);
	m->changed = fd < 0;
	if (fd >= 0)
		cr_symbols_add_file(m->symbols, fd);
	add_debug_file(m->symbols, m->vma->build_id.bytes, m->vma->build_id.size);
}

const char *cr_module_symbol(struct cr_modules *ms, struct cr_module *m, uint64_t addr,
			     uint64_t *offset)
{
	if (!m->symbols)
		load_symbols(ms, m);
	return cr_symbols_find(m->symbols, addr - m->bias, offset);
}

const char *cr_module_name(const struct cr_module *m)
{
	return m->vma->kind == cairn_VmaKind_VMA_VDSO ? "[vdso]" : m->vma->path;
}
