// SPDX-License-Identifier: Apache-2.0
//
// Symbol tables by libelf: the full one and that of the dynamic linker, of a program or of its
// separate debug information. Several names at one address are common in libraries; the one that
// its users know is taken. Runs in: crimage; the files may be anything.
#include "inspect/symbols.h"

#include <gelf.h>
#include <libelf.h>
#include <libiberty/demangle.h>
#include <stdbool.h>
#include <string.h>

#include "common/defs.h"
#include "common/io.h"

struct symbol {
	uint64_t addr, size;
	char *name;
	unsigned int rank; /* the lower the better */
};

struct cr_symbols {
	CR_LIST(struct symbol) all;
	bool sorted;
	char *plain; /* the latest answer */
};

/* Functions nest only in assembler: so many symbols are looked at for one with the address. */
#define NESTED 8

struct cr_symbols *cr_symbols_new(void)
{
	return calloc(1, sizeof(struct cr_symbols));
}

void cr_symbols_free(struct cr_symbols *s)
{
	size_t i;

	for (i = 0; s && i < s->all.n; i++)
		free(s->all.v[i].name);
	if (s) {
		free(s->all.v);
		free(s->plain);
	}
	free(s);
}

static unsigned int rank_of(const GElf_Sym *sym, const char *name)
{
	unsigned int bind = GELF_ST_BIND(sym->st_info), type = GELF_ST_TYPE(sym->st_info);

	return (type == STT_NOTYPE) * 64 +
	       (bind == STB_GLOBAL ? 0 :
		bind == STB_WEAK   ? 1 :
				     2) *
		       16 +
	       strspn(name, "_") % 16;
}

static void symbols_add(struct cr_symbols *s, const GElf_Sym *sym, const char *name)
{
	unsigned int type = GELF_ST_TYPE(sym->st_info);
	struct symbol *to;

	if ((type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) ||
	    sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS || !name || !*name)
		return;
	to = cr_list_add(&s->all);
	if (!to)
		return;
	*to = (struct symbol){ sym->st_value, sym->st_size, strdup(name), rank_of(sym, name) };
	if (!to->name)
		s->all.n--;
	s->sorted = false;
}

static void add_elf(struct cr_symbols *s, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr sh, in;
	GElf_Sym sym;
	size_t i;

	while (elf && (section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &sh) || !sh.sh_entsize ||
		    (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM) ||
		    !(data = elf_getdata(section, NULL)))
			continue;
		for (i = 0; i < data->d_size / sh.sh_entsize && gelf_getsym(data, i, &sym); i++) {
			Elf_Scn *of = elf_getscn(elf, sym.st_shndx);

			/* What has no type may be data; debug information has no bytes of code. */
			if (of && gelf_getshdr(of, &in) && in.sh_flags & SHF_EXECINSTR)
				symbols_add(s, &sym, elf_strptr(elf, sh.sh_link, sym.st_name));
		}
	}
	elf_end(elf);
}

void cr_symbols_add_file(struct cr_symbols *s, int fd)
{
	if (elf_version(EV_CURRENT) != EV_NONE)
		add_elf(s, elf_begin(fd, ELF_C_READ, NULL));
}

void cr_symbols_add_image(struct cr_symbols *s, char *image, size_t len)
{
	if (elf_version(EV_CURRENT) != EV_NONE)
		add_elf(s, elf_memory(image, len));
}

static int symbols_by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* One symbol for each address, the best, with the largest size that any has. */
static void symbols_sort(struct cr_symbols *s)
{
	size_t i, n = 0;

	if (s->all.n)
		qsort(s->all.v, s->all.n, sizeof(*s->all.v), symbols_by_addr);
	for (i = 0; i < s->all.n; i++) {
		struct symbol *last = n ? &s->all.v[n - 1] : NULL;

		if (last && last->addr == s->all.v[i].addr) {
			if (s->all.v[i].size > last->size)
				last->size = s->all.v[i].size;
			free(s->all.v[i].name);
			continue;
		}
		s->all.v[n++] = s->all.v[i];
	}
	s->all.n = n;
	s->sorted = true;
}

static const char *plain(struct cr_symbols *s, const char *name)
{
	free(s->plain);
	s->plain = cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI);
	return s->plain ? s->plain : name;
}

const char *cr_symbols_find(struct cr_symbols *s, uint64_t addr, uint64_t *offset)
{
	size_t behind, i;

	if (!s)
		return NULL;
	if (!s->sorted)
		symbols_sort(s);
	behind = CR_FIRST_NOT(k, 0, s->all.n, s->all.v[k].addr <= addr);
	for (i = behind; i-- > 0 && behind - i <= NESTED;) {
		const struct symbol *y = &s->all.v[i];

		/* Without a size it goes to the next one. */
		if (addr - y->addr >= y->size && (y->size || i + 1 != behind))
			continue;
		*offset = addr - y->addr;
		return plain(s, y->name);
	}
	return NULL;
}
