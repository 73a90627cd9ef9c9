// SPDX-License-Identifier: Apache-2.0
//
// A core file: header, program headers, notes, memory, in this order and without going back, so
// that a pipe does. One segment for each stretch of a mapping that has content; what the image does
// not have is named without content, as kernels do. Long stretches of zeros are all the same
// bytes of the file. Memory passes through in pieces: never is more than some of them held.
// Runs in: crimage. On failure the output is incomplete and the caller is told why.
#include "inspect/core.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/image.h"
#include "common/io.h"
#include "inspect/core_notes.h"
#include "inspect/inspect.h"
#include "inspect/inspect_memory.h"

#define ZERO_SHARED (1ul << 20) /* stretches of zeros from here on share their bytes */
#define ZERO_BLOCK (64ul << 20) /* at most of these; longer ones are divided */
#define ZERO_BLOCKS 1024 /* of that size in all; a stretch that needs more is left out */

struct segment {
	uint64_t start, end;
	uint32_t flags;
	bool content;
	bool zeros; /* shares its bytes with others */
};

struct core {
	struct cr_memory *m;
	const struct cr_image *img;
	const struct cr_process_image *p;
	CR_LIST(struct segment) segments;
	size_t blocks; /* of the full size */
	uint64_t zeros; /* bytes that are shared */
	char *notes;
	size_t notes_len;
	/* where it goes */
	int fd;
	bool sparse;
	uint64_t at, begin; /* bytes written; where the file stood */
};

/* ---- what there is ---- */

static int core_add(struct core *c, const cairn_Vma *v, uint64_t start, uint64_t end, bool content,
		    bool zeros)
{
	size_t n = c->segments.n;
	struct segment *last = n ? &c->segments.v[n - 1] : NULL, *s;
	uint32_t flags = (v->prot & PROT_READ ? PF_R : 0) | (v->prot & PROT_WRITE ? PF_W : 0) |
			 (v->prot & PROT_EXEC ? PF_X : 0);

	if (last && start > v->start && last->end == start && last->content == content && !zeros &&
	    !last->zeros) {
		last->end = end;
		return 0;
	}
	s = cr_list_add(&c->segments);
	if (!s)
		return -ENOMEM;
	*s = (struct segment){ start, end, flags, content, zeros };
	return 0;
}

static int add_zeros(struct core *c, const cairn_Vma *v, uint64_t start, uint64_t end)
{
	uint64_t blocks = (end - start) / ZERO_BLOCK;
	int ret = 0;

	/* Nobody has been there and nobody may; or it is a mere reserve of addresses. */
	if (!v->prot || blocks > ZERO_BLOCKS - c->blocks)
		return core_add(c, v, start, end, false, false);
	c->blocks += blocks;
	while (end - start >= ZERO_SHARED && !ret) {
		uint64_t len = end - start < ZERO_BLOCK ? end - start : ZERO_BLOCK;

		c->zeros = len > c->zeros ? len : c->zeros;
		ret = core_add(c, v, start, start + len, true, true);
		start += len;
	}
	return ret || start == end ? ret : core_add(c, v, start, end, true, false);
}

static int core_collect(struct core *c, struct cr_err *err)
{
	uint64_t at = 0;
	size_t i;
	int ret = 0;

	for (i = 0; i < c->p->vmas.n && !ret; i++) {
		const cairn_Vma *v = &c->p->vmas.v[i];
		struct cr_memory_piece piece;

		if (v->start < at)
			return cr_fail(err, CR_EXIT_DAMAGED, 0,
				       "%s: mappings of process %d overlap at %#llx", c->img->path,
				       c->p->process.pid, (unsigned long long)v->start);
		for (at = v->start; at < v->end && !ret; at = piece.end) {
			piece = cr_memory_piece(c->m, at);
			ret = piece.kind == CR_MEMORY_ZERO ?
				      add_zeros(c, v, at, piece.end) :
				      core_add(c, v, at, piece.end, piece.kind != CR_MEMORY_NONE,
					       false);
		}
	}
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "core of process %d",
			     c->p->process.pid) :
		     0;
}

/* ---- writing ---- */

static int core_put(struct core *c, const void *data, size_t len, struct cr_err *err)
{
	int ret = cr_write_all(c->fd, data, len);

	c->at += len;
	return ret ? cr_fail(err, CR_EXIT_IO, -ret, "cannot write the core") : 0;
}

static int put_zeros(struct core *c, uint64_t len, struct cr_err *err)
{
	static const char zeros[64 << 10];
	size_t n;
	int ret = 0;

	if (c->sparse) {
		c->at += len;
		return lseek(c->fd, len, SEEK_CUR) < 0 ?
			       cr_fail(err, CR_EXIT_IO, errno, "cannot write the core") :
			       0;
	}
	for (; len && !ret; len -= n) {
		n = len < sizeof(zeros) ? len : sizeof(zeros);
		ret = core_put(c, zeros, n, err);
	}
	return ret;
}

static int core_put_memory(struct core *c, const struct segment *s, struct cr_err *err)
{
	uint64_t addr = s->start;
	int ret = 0;

	while (addr < s->end && !ret) {
		struct cr_memory_piece piece = cr_memory_piece(c->m, addr);
		const void *data;
		size_t len = s->end - addr;

		if (piece.kind == CR_MEMORY_ZERO) {
			len = piece.end < s->end ? piece.end - addr : len;
			ret = put_zeros(c, len, err);
		} else {
			ret = cr_memory_view(c->m, addr, &data, &len, err);
			if (!ret)
				ret = core_put(c, data, len, err);
		}
		addr += len;
	}
	return ret;
}

/* With more segments than its field can tell, a section header does. */
static int put_header(struct core *c, size_t headers, struct cr_err *err)
{
	Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT, ELFOSABI_NONE },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(h),
		.e_ehsize = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = headers < PN_XNUM ? headers : PN_XNUM,
	};
	Elf64_Shdr extra = { .sh_size = 1, .sh_info = headers };
	int ret;

	if (headers >= PN_XNUM) {
		h.e_shoff = sizeof(h);
		h.e_phoff += sizeof(extra);
		h.e_shnum = 1;
		h.e_shentsize = sizeof(extra);
	}
	ret = core_put(c, &h, sizeof(h), err);
	return ret || headers < PN_XNUM ? ret : core_put(c, &extra, sizeof(extra), err);
}

/* Where the notes begin, and where the memory does, behind the block of zeros. */
static void places(const struct core *c, uint64_t *notes, uint64_t *zeros, uint64_t *memory)
{
	size_t n = c->segments.n + 1;

	*notes = sizeof(Elf64_Ehdr) + n * sizeof(Elf64_Phdr) +
		 (n >= PN_XNUM ? sizeof(Elf64_Shdr) : 0);
	*zeros = CR_PAGE_UP(*notes + c->notes_len);
	*memory = *zeros + c->zeros;
}

static int put_headers(struct core *c, struct cr_err *err)
{
	uint64_t notes, zeros, memory;
	Elf64_Phdr note;
	size_t i;
	int ret;

	places(c, &notes, &zeros, &memory);
	note = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = notes, .p_filesz = c->notes_len, .p_align = 4
	};
	ret = put_header(c, c->segments.n + 1, err);
	if (!ret)
		ret = core_put(c, &note, sizeof(note), err);
	for (i = 0; i < c->segments.n && !ret; i++) {
		const struct segment *s = &c->segments.v[i];
		Elf64_Phdr h = { .p_type = PT_LOAD,
				 .p_flags = s->flags,
				 .p_vaddr = s->start,
				 .p_memsz = s->end - s->start,
				 .p_filesz = s->content ? s->end - s->start : 0,
				 .p_offset = s->zeros ? zeros : memory,
				 .p_align = CR_PAGE };

		if (s->content && !s->zeros)
			memory += h.p_filesz;
		ret = core_put(c, &h, sizeof(h), err);
	}
	return ret;
}

static int core_put_all(struct core *c, struct cr_err *err)
{
	uint64_t notes, zeros, memory;
	size_t i;
	int ret;

	places(c, &notes, &zeros, &memory);
	ret = put_headers(c, err);
	if (!ret)
		ret = core_put(c, c->notes, c->notes_len, err);
	if (!ret)
		ret = put_zeros(c, memory - c->at, err);
	for (i = 0; i < c->segments.n && !ret; i++)
		if (c->segments.v[i].content && !c->segments.v[i].zeros)
			ret = core_put_memory(c, &c->segments.v[i], err);
	if (!ret && c->sparse && ftruncate(c->fd, c->begin + c->at))
		ret = cr_fail(err, CR_EXIT_IO, errno, "cannot write the core");
	return ret;
}

/* What is skipped in a file must not have been there before. */
static void look_at_output(struct core *c)
{
	off_t at = lseek(c->fd, 0, SEEK_CUR);
	int flags = fcntl(c->fd, F_GETFL);
	struct stat st;

	if (at < 0 || flags < 0 || fstat(c->fd, &st))
		return;
	c->sparse = S_ISREG(st.st_mode) && !(flags & O_APPEND) && st.st_size <= at;
	c->begin = at;
}

static int make_notes(struct core *c, struct cr_err *err)
{
	FILE *f = open_memstream(&c->notes, &c->notes_len);
	int ret;

	if (!f)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "core of process %d",
			       c->p->process.pid);
	ret = cr_core_notes(f, c->img, c->p, c->m, err);
	if (fclose(f) && !ret)
		ret = cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "core of process %d",
			      c->p->process.pid);
	return ret;
}

int cr_core_write(const struct cr_image *img, const struct cr_process_image *p, int fd,
		  struct cr_err *err)
{
	struct core c = { .img = img, .p = p, .fd = fd };
	int ret;

	if (p->process.zombie)
		return cr_fail(err, CR_EXIT_NOT_FOUND, 0,
			       "process %d had ended and waited for its parent: it has no memory",
			       p->process.pid);
	ret = cr_memory_open(&c.m, img, p, err);
	if (!ret)
		ret = core_collect(&c, err);
	if (!ret)
		ret = make_notes(&c, err);
	look_at_output(&c);
	if (!ret)
		ret = core_put_all(&c, err);
	cr_memory_close(c.m);
	free(c.segments.v);
	free(c.notes);
	return ret;
}

int cr_inspect_core(struct cr_inspect *in)
{
	const struct cr_process_image *p = cr_inspect_process(in, in->n_of > 1 ? in->of[1] : NULL);

	if (!p)
		return -ENOENT;
	if (isatty(STDOUT_FILENO))
		return cr_fail(&in->err, CR_EXIT_USAGE, 0,
			       "a core is not for a terminal: send it to a file or a pipe");
	return cr_core_write(in->img, p, STDOUT_FILENO, &in->err);
}
