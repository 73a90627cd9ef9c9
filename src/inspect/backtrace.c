// SPDX-License-Identifier: Apache-2.0
//
// crimage backtrace: where each thread stood at the checkpoint. A frame without a symbol is told by
// its module and the place in it, as addr2line takes it; nothing that lacks is a failure.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/regset.h"
#include "common/image.h"
#include "common/json.h"
#include "inspect/backtrace.h"
#include "inspect/inspect.h"
#include "inspect/inspect_memory.h"
#include "inspect/modules.h"
#include "inspect/registers.h"
#include "inspect/inspect_unwind.h"
#include "objects/shape/text.h"

struct trace {
	struct cr_inspect *in;
	struct cr_json j;
	struct cr_memory *memory;
	struct cr_modules *modules;
	struct cr_unwinder *unwinder;
	unsigned int n; /* frames told of a thread */
};

static void json_frame(struct trace *t, const struct cr_frame_at *f, const struct cr_module *m,
		       const char *function, uint64_t offset)
{
	struct cr_json *j = &t->j;

	cr_json_object(j, NULL);
	cr_json_address(j, "pc", f->pc);
	if (f->signal)
		cr_json_bool(j, "signal", true);
	if (function) {
		cr_json_text(j, "function", function);
		cr_json_size(j, "offset", offset);
	}
	if (m) {
		cr_json_text(j, "module", cr_module_name(m));
		cr_json_address(j, "module_offset", f->pc - m->bias);
		if (m->changed)
			cr_json_bool(j, "changed", true);
	}
	cr_json_end(j);
}

static void text_frame(struct trace *t, const struct cr_frame_at *f, const struct cr_module *m,
		       const char *function, uint64_t offset)
{
	char at[32] = "", place[64] = "";

	if (function)
		snprintf(at, sizeof(at), "+0x%" PRIx64 " ", offset);
	if (m)
		snprintf(place, sizeof(place), "+0x%" PRIx64 "%s)", f->pc - m->bias,
			 m->changed ? ", file gone or changed" : "");
	cr_line("#%-3u 0x%016" PRIx64 " %s%s%s%s%s%s", t->n, f->pc, f->signal ? "<signal> " : "",
		function ? function : "", at, m ? "(" : "", m ? cr_module_name(m) : "",
		m	 ? place :
		function ? "" :
			   "??");
}

static void tell_frame(void *arg, const struct cr_frame_at *f)
{
	struct trace *t = arg;
	struct cr_module *m = cr_modules_find(t->modules, f->pc);
	const char *function = NULL;
	uint64_t offset = 0;

	/* A call may be the last thing that a function does. */
	if (m)
		function = cr_module_symbol(t->modules, m, f->pc - !f->exact, &offset);
	if (function)
		offset += !f->exact;
	(t->in->json ? json_frame : text_frame)(t, f, m, function, offset);
	t->n++;
}

static void begin_thread(struct trace *t, const cairn_Thread *thread)
{
	char name[sizeof(thread->comm.bytes) + 1] = "";

	memcpy(name, thread->comm.bytes, thread->comm.size);
	if (t->in->json) {
		cr_json_object(&t->j, NULL);
		cr_json_int(&t->j, "tid", thread->tid);
		cr_json_text(&t->j, "name", name);
		if (thread->dead)
			cr_json_bool(&t->j, "ended", true);
		cr_json_array(&t->j, "frames");
		return;
	}
	putchar('\n');
	cr_line("Thread %d%s%s%s", thread->tid, *name ? " " : "", name,
		thread->dead ? ", which has ended" : "");
}

static int trace_thread(struct trace *t, const cairn_Thread *thread)
{
	struct cr_regset *r = malloc(sizeof(*r));
	bool whole = true;
	int ret = r ? 0 : -ENOMEM;

	begin_thread(t, thread);
	t->n = 0;
	if (!ret && !thread->dead)
		ret = cr_registers_read(t->memory, thread, r, &t->in->err);
	if (!ret && !thread->dead)
		whole = cr_unwind(t->unwinder, r, tell_frame, t);
	free(r);
	if (t->in->json) {
		cr_json_end(&t->j);
		if (!whole)
			cr_json_bool(&t->j, "more", true);
		cr_json_end(&t->j);
	} else if (!whole) {
		printf("…and more\n");
	}
	return ret;
}

static int trace_threads(struct trace *t, const struct cr_process_image *p)
{
	struct cr_err *err = &t->in->err;
	size_t i;
	int ret = cr_memory_open(&t->memory, t->in->img, p, err);

	if (!ret)
		ret = cr_modules_open(&t->modules, t->memory, p, err);
	if (!ret)
		ret = cr_unwinder_open(&t->unwinder, t->memory, t->modules, err);
	for (i = 0; i < p->threads.n && !ret; i++)
		ret = trace_thread(t, &p->threads.v[i]);
	cr_unwinder_close(t->unwinder);
	cr_modules_close(t->modules);
	cr_memory_close(t->memory);
	t->unwinder = NULL;
	t->modules = NULL;
	t->memory = NULL;
	return ret;
}

static int trace_process(struct trace *t, const struct cr_process_image *p)
{
	int ret = 0;

	if (t->in->json) {
		cr_json_object(&t->j, NULL);
		cr_json_int(&t->j, "pid", p->process.pid);
		cr_json_text(&t->j, "name", p->process.comm);
		cr_json_text(&t->j, "exe", p->process.exe);
		cr_json_array(&t->j, "threads");
	} else {
		cr_line("Process %d %s%s", p->process.pid, p->process.comm,
			p->process.zombie ? ", which has ended" : "");
	}
	if (!p->process.zombie)
		ret = trace_threads(t, p);
	if (t->in->json) {
		cr_json_end(&t->j);
		cr_json_end(&t->j);
	}
	return ret;
}

int cr_inspect_backtrace(struct cr_inspect *in)
{
	struct trace t = { .in = in, .j.out = stdout };
	const struct cr_process_image *one;
	size_t i;
	int ret = 0;

	if (in->all && in->n_of > 1)
		return cr_fail(&in->err, CR_EXIT_USAGE, 0, "--all, or a process: not both");
	one = cr_inspect_process(in, in->n_of > 1 ? in->of[1] : NULL);
	if (!one)
		return -ENOENT;
	if (in->all)
		one = NULL;
	if (in->json) {
		cr_json_object(&t.j, NULL);
		cr_json_text(&t.j, "path", in->img->path);
		cr_json_array(&t.j, "processes");
	}
	for (i = 0; i < in->img->processes.n && !ret; i++) {
		const struct cr_process_image *p = &in->img->processes.v[i];

		if (one && p != one)
			continue;
		if (!in->json && i && !one)
			putchar('\n');
		ret = trace_process(&t, p);
	}
	if (in->json) {
		cr_json_end(&t.j);
		cr_json_end(&t.j);
	}
	return ret;
}
