// SPDX-License-Identifier: Apache-2.0
//
// crimage show: what is in a checkpoint, for people: about the whole, the tree of processes, what
// each process has, who shares and is connected with whom. Lines keep to 100 columns but for long
// paths, which stand last.
#include "inspect/show.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "arch/x86_64/cpu.h"
#include "common/image.h"
#include "inspect/inspect_criu.h"
#include "inspect/inspect.h"
#include "inspect/inspect_memory.h"
#include "inspect/show_json.h"
#include "inspect/show_shared.h"
#include "objects/shape/model.h"
#include "objects/shape/shapes.h"
#include "objects/shape/text.h"

/* ---- the whole ---- */

static void show_options(const cairn_Job *job)
{
	char text[400] = "";
	const char *rule = (const char *)job->file_rules.bytes;
	size_t at, len;

	if (!job->has_options)
		return;
	if (job->interval > 0)
		cr_append(text, sizeof(text), "every %g s, ", job->interval);
	else if (job->interval < 0)
		cr_append(text, sizeof(text), "as often as is best, ");
	cr_append(text, sizeof(text), "keep %lld, compress %s, tcp %s, file limit %s%s",
		  (long long)job->keep, job->compress[0] ? job->compress : "lz4",
		  job->tcp[0] ? job->tcp : "reset", cr_bytes(job->file_limit).s,
		  job->pack_files ? ", pack files" : "");
	cr_line("  options     %s", text);
	for (at = 0; at < job->file_rules.size; at += len + 1) {
		len = strnlen(rule + at, job->file_rules.size - at);
		if (len)
			cr_line("              --file %.*s", (int)len, rule + at);
	}
}

static void show_cpu(const cairn_CpuFeatures *cpu, const char *baseline)
{
	const char *name;
	char text[160] = "";
	bool amx = false;
	size_t i;

	for (i = 0; (name = cr_cpu_feature(cpu, i)); i++)
		amx |= !strcmp(name, "amx_tile");
	cr_append(text, sizeof(text), "x86-64-v%d%s, %s", cr_cpu_level(cpu), amx ? " with amx" : "",
		  cr_count(i, "feature").s);
	if (*baseline)
		cr_append(text, sizeof(text), ", held to %s", baseline);
	cr_line("  cpu         %s", text);
}

static void show_sizes(const struct cr_model *m)
{
	const cairn_Manifest *mf = &m->img->manifest;
	const struct cr_pages *a = &m->all;
	uint64_t lz4 = a->disk > a->raw ? a->disk - a->raw : 0;

	cr_line("  on disk     %s: pages %s, records %s",
		cr_bytes(mf->files[0].size + mf->files[1].size).s, cr_bytes(mf->files[1].size).s,
		cr_bytes(mf->files[0].size).s);
	if (!m->img->processes.n)
		return;
	cr_line("  memory      %s mapped, %s of it stored (%s) in %s", cr_bytes(a->mapped).s,
		cr_bytes(a->stored).s, cr_percent(a->stored, a->mapped).s,
		cr_count(a->runs, "run").s);
	if (a->zero)
		cr_line("              and %s of zeros noted, which take no room",
			cr_bytes(a->zero).s);
	cr_line("              anonymous: %s mapped, %s stored (%s), the rest zeros or untouched",
		cr_bytes(m->anonymous.mapped).s, cr_bytes(m->anonymous.stored).s,
		cr_percent(m->anonymous.stored, m->anonymous.mapped).s);
	if (a->packed)
		cr_line("  codec       lz4: %s in %s (%s); raw: %s", cr_bytes(a->packed).s,
			cr_bytes(lz4).s, cr_percent(lz4, a->packed).s, cr_bytes(a->raw).s);
	else
		cr_line("  codec       none: all is stored as it was");
	if (m->blobs)
		cr_line("  contents    %s of files, pipes and sockets", cr_bytes(m->blobs).s);
}

/* One is listed as often as it was opened. */
static bool repeated(const struct cr_criu_facts *c, size_t at)
{
	size_t i;

	for (i = at; i-- > 0 && at - i < 256;)
		if (c->files.v[i].path && c->files.v[at].path &&
		    !strcmp(c->files.v[i].path, c->files.v[at].path))
			return true;
	return false;
}

static void show_criu(const struct cr_criu_facts *c)
{
	size_t i;

	cr_line("%s", "");
	cr_line("PROCESSES");
	cr_line("  %8s %8s %8s %8s %7s %10s  %-16s %s", "PID", "PARENT", "GROUP", "SESSION",
		"THREADS", "MAPPED", "NAME", "PROGRAM");
	for (i = 0; i < c->processes.n; i++) {
		const struct cr_criu_process *p = &c->processes.v[i];

		cr_line("  %8d %8d %8d %8d %7u %10s  %-16s %s", p->pid, p->ppid, p->pgid, p->sid,
			p->threads, cr_some_bytes(p->mapped).s, p->name,
			p->zombie ? "(zombie)" : cr_criu_facts_path(c, p->exe));
	}
	cr_line("%s", "");
	cr_line("FILES");
	cr_line("  %10s  %s", "SIZE", "PATH");
	for (i = 0; i < c->files.n; i++)
		if (!repeated(c, i))
			cr_line("  %10s  %s",
				c->files.v[i].sized ? cr_bytes(c->files.v[i].size).s : "",
				c->files.v[i].path ? c->files.v[i].path : "");
}

/* What another backend has written is its own affair: names and sizes, and CRIU's processes. */
static void show_archive(const struct cr_image *img)
{
	struct cr_criu_facts c;
	size_t i;

	if (cr_criu_facts_read(img, &c))
		show_criu(&c);
	cr_criu_facts_free(&c);
	if (img->archive_files.n) {
		cr_line("%s", "");
		cr_line("FILES OF %s, IN THE IMAGE", img->job.backend);
	}
	for (i = 0; i < img->archive_files.n; i++) {
		const cairn_ArchiveFile *f = &img->archive_files.v[i];

		cr_line("  %10s  %s%s%s", cr_bytes(f->size).s, f->name, f->target[0] ? " -> " : "",
			f->target);
	}
}

static void show_head(const struct cr_model *m)
{
	const struct cr_image *img = m->img;
	const cairn_Manifest *mf = &img->manifest;

	cr_line("%s", img->path);
	cr_line("  job         %s: %s", img->job.name, img->job.command);
	cr_line("  made        %s, number %u, by Cairn %s", cr_local_time(mf->wall_ns).s,
		mf->number, mf->cairn);
	cr_line("  on          %s, Linux %s", mf->host, mf->kernel);
	cr_line("  by          %s%s%s", img->job.backend[0] ? img->job.backend : "agent",
		img->job.backend_version[0] ? " " : "", img->job.backend_version);
	cr_line("  of          %s", cr_user_name(mf->uid).s);
	show_cpu(&mf->cpu, m->img->job.cpu_baseline);
	show_options(&img->job);
	show_sizes(m);
	cr_line("  holds       %s, %s, %s, %s, %s", cr_count(mf->processes, "process").s,
		cr_count(mf->threads, "thread").s, cr_count(img->descriptions.n, "open file").s,
		cr_count(img->inet_sockets.n + img->unix_sockets.n, "socket").s,
		cr_count(img->shared.n, "shared memory").s);
}

/* ---- the tree ---- */

static void show_process_row(const struct cr_process_image *p, uint32_t depth)
{
	const cairn_Process *m = &p->process;
	struct cr_pages pages = cr_pages_of_process(p);
	char state[160] = "";

	if (m->zombie)
		cr_append(state, sizeof(state), " (zombie, %s)", cr_exit_text(m->exit_code).s);
	else if (m->stop_signal)
		cr_append(state, sizeof(state), " (stopped by %s)",
			  cr_signal_name(m->stop_signal).s);
	cr_line("  %8d %7d %7d %7zu %9s %9s %6s  %*s%s%s", m->pid, m->pgid, m->sid, p->threads.n,
		cr_some_bytes(pages.mapped).s, cr_some_bytes(pages.stored).s,
		pages.mapped ? cr_percent(pages.stored, pages.mapped).s : "-",
		(int)(depth < 16 ? depth : 16) * 2, "", m->comm, state);
}

static void show_tree(const struct cr_model *m)
{
	size_t i;

	cr_line("%s", "");
	cr_line("PROCESSES");
	cr_line("  %8s %7s %7s %7s %9s %9s %6s  %s", "PID", "GROUP", "SESSION", "THREADS", "MAPPED",
		"STORED", "SHARE", "NAME");
	for (i = 0; i < m->order.n; i++)
		show_process_row(&m->img->processes.v[m->order.v[i]], m->depth.v[i]);
}

/* ---- one process ---- */

static void show_command(const struct cr_image *img, const struct cr_process_image *p)
{
	struct cr_err err = { 0 };
	char *text = NULL;
	size_t len = 0, i;

	if (cr_memory_strings(img, p, p->process.arg_start, p->process.arg_end, &text, &len, &err))
		return;
	while (len && !text[len - 1])
		len--;
	for (i = 0; i < len; i++)
		if (!text[i])
			text[i] = ' ';
	if (len > 300)
		memcpy(text + 297, "...", 4);
	cr_line("  command   %s", text);
	free(text);
}

static void show_threads(const struct cr_process_image *p)
{
	char text[96] = "";
	size_t i;

	/* As many in one line as fit. */
	for (i = 0; i < p->threads.n; i++) {
		const cairn_Thread *t = &p->threads.v[i];
		char one[40];

		snprintf(one, sizeof(one), "%d %.*s%s", t->tid, (int)t->comm.size,
			 (const char *)t->comm.bytes, t->dead ? " (ended)" : "");
		if (text[0] && strlen(text) + strlen(one) + 2 > 84) {
			cr_line("%s%s,", i && text[0] ? "            " : "", text);
			text[0] = 0;
		}
		cr_append(text, sizeof(text), "%s%s", text[0] ? ", " : "", one);
	}
	if (text[0])
		cr_line("            %s", text);
}

static const char *mapping_name(const struct cr_model *m, const struct cr_process_image *p,
				const cairn_Vma *v, char *room, size_t size)
{
	const struct cr_shared_image *s;

	switch (v->kind) {
	case cairn_VmaKind_VMA_VDSO:
		return "[vdso]";
	case cairn_VmaKind_VMA_VVAR:
	case cairn_VmaKind_VMA_VVAR_VCLOCK:
		return "[vvar]";
	case cairn_VmaKind_VMA_SHARED:
		s = cr_model_shared(m, v->object);
		snprintf(room, size, "memory %u %s", v->object, s ? s->memory.name : "");
		return room;
	case cairn_VmaKind_VMA_FILE:
		snprintf(room, size, "%s%s%s", v->path, v->deleted ? " (deleted)" : "",
			 v->packed ? " (packed)" : "");
		return room;
	default:
		break;
	}
	if (v->start <= p->process.start_stack && p->process.start_stack < v->end)
		return "[stack]";
	if (v->start < p->core.brk && p->process.start_brk < v->end)
		return "[heap]";
	return v->path;
}

static bool folds(const cairn_Vma *a, const cairn_Vma *b)
{
	return a->kind == cairn_VmaKind_VMA_FILE && b->kind == cairn_VmaKind_VMA_FILE &&
	       a->end == b->start && a->dev == b->dev && a->inode == b->inode &&
	       !strcmp(a->path, b->path);
}

/* Mappings of one file behind each other are one line, unless all is asked for. */
static void show_memory(const struct cr_model *m, const struct cr_process_image *p, bool all)
{
	char room[CR_PATH_MAX + 32];
	size_t i, k;

	cr_line("  %-25s %9s %9s %6s %-5s %s", "MEMORY", "MAPPED", "STORED", "SHARE", "PROT",
		"WHAT");
	for (i = 0; i < p->vmas.n; i = k) {
		const cairn_Vma *v = &p->vmas.v[i];
		struct cr_pages pages;
		uint32_t prot = v->prot;
		char range[48];

		for (k = i + 1; k < p->vmas.n && !all && folds(&p->vmas.v[k - 1], &p->vmas.v[k]);
		     k++)
			prot |= p->vmas.v[k].prot;
		pages = cr_pages_between(p->runs.v, p->runs.n, v->start, p->vmas.v[k - 1].end);
		snprintf(range, sizeof(range), "%012llx-%012llx", (unsigned long long)v->start,
			 (unsigned long long)p->vmas.v[k - 1].end);
		cr_line("  %-25s %9s %9s %6s %c%c%c%c  %s", range, cr_bytes(pages.mapped).s,
			cr_some_bytes(pages.stored).s,
			pages.stored ? cr_percent(pages.stored, pages.mapped).s : "-",
			prot & 1 ? 'r' : '-', prot & 2 ? 'w' : '-', prot & 4 ? 'x' : '-',
			v->shared ? 's' : 'p', mapping_name(m, p, v, room, sizeof(room)));
	}
}

static void show_fds(const struct cr_model *m, const struct cr_process_image *p, bool all)
{
	char text[CR_DESCRIBE_MAX];
	size_t i, k;

	for (i = 0; i < p->fds.n; i++)
		for (k = 0; k < p->fds.v[i].fds_count; k++) {
			const cairn_FdEntry *e = &p->fds.v[i];
			const cairn_Description *d = cr_model_description(m, e->descriptions[k]);

			if (!i && !k)
				cr_line("  %-6s %-4s %s", "FD", "MODE", "WHAT");
			if (!d)
				continue;
			cr_describe(m, d, text);
			cr_line("  %-6d %-4s %s%s", e->fds[k], cr_access_name(d), text,
				all && e->cloexec[k] ? " (closed on exec)" : "");
		}
}

static void show_process(const struct cr_model *m, const struct cr_process_image *p, bool all)
{
	const cairn_Process *x = &p->process;

	cr_line("%s", "");
	cr_line("PROCESS %d %s", x->pid, x->comm);
	if (x->zombie) {
		cr_line("  ended     %s", cr_exit_text(x->exit_code).s);
		return;
	}
	show_command(m->img, p);
	cr_line("  program   %s", x->exe);
	cr_line("  folder    %s%s", x->cwd, x->cwd_deleted ? " (deleted)" : "");
	if (strcmp(x->root, "/") && x->root[0])
		cr_line("  root      %s", x->root);
	if (p->attributes.n && p->attributes.v[0].uids_count > 1)
		cr_line("  user      %s", cr_user_name(p->attributes.v[0].uids[1]).s);
	cr_line("  parent    %d%s%s%s", x->ppid,
		x->shares_files ? ", with the same table of descriptors" : "",
		x->shares_fs ? ", with the same working folder" : "",
		x->ppid == m->img->job.shepherd_pid ? " (crlaunch or crrestart)" : "");
	if (p->pending.n || p->timers.n)
		cr_line("  waiting   %s, %s", cr_count(p->pending.n, "signal").s,
			cr_count(p->timers.n, "timer").s);
	cr_line("  %s", cr_count(p->threads.n, "thread").s);
	show_threads(p);
	show_memory(m, p, all);
	show_fds(m, p, all);
}

int cr_inspect_show(struct cr_inspect *in)
{
	const struct cr_process_image *only = NULL;
	struct cr_model m;
	size_t i;
	int ret;

	if (in->n_of > 1 && !(only = cr_inspect_process(in, in->of[1])))
		return -1;
	ret = cr_model_make(&m, in->img, &in->err);
	if (ret)
		return ret;
	if (in->json) {
		cr_show_json(&m);
	} else if (only) {
		show_process(&m, only, in->all);
	} else {
		show_head(&m);
		if (in->img->processes.n) {
			show_tree(&m);
			cr_show_shared(&m);
		}
		show_archive(in->img);
		for (i = 0; i < m.order.n; i++)
			show_process(&m, &in->img->processes.v[m.order.v[i]], in->all);
	}
	cr_model_free(&m);
	return 0;
}
