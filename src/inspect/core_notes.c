// SPDX-License-Identifier: Apache-2.0
//
// The notes of a core file, in the kernel's order: the main thread with what is of the whole
// process, then the others. Runs in: crimage.
#include "inspect/core_notes.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "arch/x86_64/regset.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/image.h"
#include "common/siginfo.h"
#include "inspect/inspect_memory.h"
#include "inspect/registers.h"

static void core_notes_note(FILE *out, const char *owner, uint32_t type, const void *desc,
			    size_t len)
{
	static const char zeros[4];
	Elf64_Nhdr h = { strlen(owner) + 1, len, type };

	fwrite(&h, sizeof(h), 1, out);
	fwrite(owner, h.n_namesz, 1, out);
	fwrite(zeros, -h.n_namesz & 3, 1, out);
	fwrite(desc, len, 1, out);
	fwrite(zeros, -len & 3, 1, out);
}

static void status_note(FILE *out, const struct cr_process_image *p, const cairn_Thread *t,
			const struct cr_regset *r)
{
	struct elf_prstatus s = {
		.pr_info.si_signo = p->process.stop_signal,
		.pr_cursig = p->process.stop_signal,
		.pr_sighold = r->mask,
		.pr_pid = t->tid,
		.pr_ppid = p->process.ppid,
		.pr_pgrp = p->process.pgid,
		.pr_sid = p->process.sid,
		.pr_fpvalid = r->fpstate != 0,
	};
	size_t i;

	for (i = 0; i < p->pending.n; i++) {
		const cairn_PendingSignal *g = &p->pending.v[i];
		int sig = cr_pending_info(g).si_signo;

		if (g->tid != t->tid && (g->tid || t->tid != p->process.pid))
			continue;
		if (sig > 0 && sig <= 64)
			s.pr_sigpend |= 1ull << (sig - 1);
	}
	_Static_assert(sizeof(s.pr_reg) == sizeof(r->general), "what the kernel writes there");
	memcpy(&s.pr_reg, &r->general, sizeof(r->general));
	core_notes_note(out, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

static void state_notes(FILE *out, const struct cr_regset *r)
{
	if (r->fpstate)
		core_notes_note(out, "CORE", NT_FPREGSET, r->state, CR_FXSAVE_BYTES);
	if (r->xsave)
		core_notes_note(out, "LINUX", NT_X86_XSTATE, r->state, r->xsave);
}

static void process_notes(FILE *out, const struct cr_image *img, const struct cr_process_image *p,
			  struct cr_memory *m)
{
	struct elf_prpsinfo s = {
		.pr_state = p->process.stop_signal ? 3 : 1,
		.pr_sname = p->process.stop_signal ? 'T' : 'S',
		.pr_uid = img->manifest.uid,
		.pr_gid = img->manifest.gid,
		.pr_pid = p->process.pid,
		.pr_ppid = p->process.ppid,
		.pr_pgrp = p->process.pgid,
		.pr_sid = p->process.sid,
	};
	siginfo_t info = { .si_signo = p->process.stop_signal };
	uint64_t len = p->process.arg_end - p->process.arg_start, i;
	struct cr_err ignored = { 0 };

	if (p->attributes.n && p->attributes.v[0].uids_count && p->attributes.v[0].gids_count) {
		s.pr_uid = p->attributes.v[0].uids[0];
		s.pr_gid = p->attributes.v[0].gids[0];
	}
	strncpy(s.pr_fname, p->process.comm, sizeof(s.pr_fname));
	if (len > sizeof(s.pr_psargs) - 1)
		len = sizeof(s.pr_psargs) - 1;
	if (cr_memory_read(m, p->process.arg_start, s.pr_psargs, len, &ignored))
		memset(s.pr_psargs, 0, sizeof(s.pr_psargs));
	for (i = 0; i < len; i++)
		if (!s.pr_psargs[i])
			s.pr_psargs[i] = ' ';
	core_notes_note(out, "CORE", NT_PRPSINFO, &s, sizeof(s));
	core_notes_note(out, "CORE", NT_SIGINFO, &info, sizeof(info));
	core_notes_note(out, "CORE", NT_AUXV, p->process.auxv.bytes, p->process.auxv.size);
}

static bool is_named(const cairn_Vma *v)
{
	return (v->kind == cairn_VmaKind_VMA_FILE || v->kind == cairn_VmaKind_VMA_SHARED) &&
	       v->path[0] == '/';
}

/* Which file lies where: addresses first, then the names. */
static int files_note(FILE *out, const struct cr_process_image *p)
{
	uint64_t head[2] = { 0, CR_PAGE };
	char *text = NULL;
	size_t len = 0, i;
	FILE *f;

	for (i = 0; i < p->vmas.n; i++)
		head[0] += is_named(&p->vmas.v[i]);
	f = open_memstream(&text, &len);
	if (!f)
		return -ENOMEM;
	fwrite(head, sizeof(head), 1, f);
	for (i = 0; i < p->vmas.n; i++) {
		const cairn_Vma *v = &p->vmas.v[i];
		uint64_t place[3] = { v->start, v->end, v->offset / CR_PAGE };

		if (is_named(v))
			fwrite(place, sizeof(place), 1, f);
	}
	for (i = 0; i < p->vmas.n; i++)
		if (is_named(&p->vmas.v[i]))
			fprintf(f, "%s%s%c", p->vmas.v[i].path,
				p->vmas.v[i].deleted ? " (deleted)" : "", 0);
	if (!fclose(f))
		core_notes_note(out, "CORE", NT_FILE, text, len);
	free(text);
	return text ? 0 : -ENOMEM;
}

static int thread_notes(FILE *out, const struct cr_image *img, const struct cr_process_image *p,
			struct cr_memory *m, const cairn_Thread *t, bool first, struct cr_err *err)
{
	struct cr_regset *r = malloc(sizeof(*r));
	int ret = r ? cr_registers_read(m, t, r, err) : -ENOMEM;

	if (!ret) {
		status_note(out, p, t, r);
		if (first) {
			process_notes(out, img, p, m);
			ret = files_note(out, p);
		}
		state_notes(out, r);
	}
	free(r);
	return ret;
}

int cr_core_notes(FILE *out, const struct cr_image *img, const struct cr_process_image *p,
		  struct cr_memory *m, struct cr_err *err)
{
	size_t first = p->threads.n, i;
	int ret = 0;

	/* A debugger begins with the first. The main one may have ended before the others. */
	for (i = p->threads.n; i-- > 0;)
		if (!p->threads.v[i].dead &&
		    (p->threads.v[i].tid == p->process.pid || first == p->threads.n ||
		     p->threads.v[first].tid != p->process.pid))
			first = i;
	if (first == p->threads.n)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "%s has no thread of process %d", img->path,
			       p->process.pid);
	ret = thread_notes(out, img, p, m, &p->threads.v[first], true, err);
	for (i = 0; i < p->threads.n && !ret; i++)
		if (i != first && !p->threads.v[i].dead)
			ret = thread_notes(out, img, p, m, &p->threads.v[i], false, err);
	if (!ret && ferror(out))
		ret = -ENOMEM;
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret, "notes of process %d", p->process.pid) :
		     0;
}
