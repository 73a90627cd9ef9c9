// SPDX-License-Identifier: Apache-2.0
//
// What an agent has noted for whoever wants to call it, read out of its process's memory: whether
// the CPU itself runs it, and its seccomp filters (preload/agent_filters.c). A filter may have a
// process killed for what its agent does in a checkpoint. Runs in the shepherd. What is not known
// for sure is refused.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/elf_id.h"
#include "objects/core/socket.h"
#include "shepherd/filters.h"
#include "shepherd/shepherd.h"

/* Ours and every process's of the job, as in a container. */
static void filters_look_up(struct cr_shepherd *sh)
{
	cr_auto_fd fd = -1;
	struct cr_proc_status st;

	if (sh->filters_at)
		return;
	fd = open(sh->library, O_RDONLY | O_CLOEXEC);
	sh->filters_at = fd < 0 ? 0 : cr_elf_symbol(fd, "cr_agent_filters");
	if (!cr_proc_status(AT_FDCWD, getpid(), &st))
		sh->filters = st.filters;
}

static bool read_at(struct cr_process *m, uint64_t at, struct cr_filter_state *state)
{
	struct iovec to = { state, sizeof(*state) }, from = { (void *)at, sizeof(*state) };

	return at && process_vm_readv(m->pid, &to, 1, &from, 1, 0) == sizeof(*state) &&
	       state->magic == CR_FILTER_MAGIC;
}

/* Who emulates a program has two agents, if it can be called at all: its own, and the program's. */
static void filters_read_state(struct cr_shepherd *sh, struct cr_process *m,
			       const struct cr_maps *maps)
{
	struct cr_filter_state state;
	size_t i;

	memset(&m->filters, 0, sizeof(m->filters));
	m->filters_at = 0;
	for (i = 0; i < maps->n && sh->filters_at; i++) {
		uint64_t at = maps->v[i].start + sh->filters_at;

		if (maps->v[i].offset || !strstr(maps->v[i].path, "/libcairn.so") ||
		    !read_at(m, at, &state) || (m->filters.magic && !m->filters.emulated))
			continue;
		m->filters = state;
		m->filters_at = at;
	}
}

static void read_anew(struct cr_shepherd *sh, struct cr_process *m)
{
	struct cr_maps maps;

	filters_look_up(sh);
	if (!cr_proc_maps(m->pid, false, &maps))
		filters_read_state(sh, m, &maps);
	cr_maps_free(&maps);
}

void cr_read_agent(struct cr_shepherd *sh, struct cr_process *m)
{
	struct cr_filter_state state;

	if (read_at(m, m->filters_at, &state))
		m->filters = state;
	else
		read_anew(sh, m);
}

/* Signals that have handlers, of those that applications have for themselves. */
static uint64_t real_time(const struct cr_proc_status *st)
{
	return st->caught & ~0ull << (CR_SIGNAL_MIN - 1);
}

int cr_check_agent(struct cr_shepherd *sh, struct cr_process *m, const struct cr_proc_status *st,
		   struct cr_err *err)
{
	uint64_t others = real_time(st) & ~(1ull << (sh->options.signal - 1));
	char exe[CR_PATH_MAX] = "?";

	if (m->filters.emulated) {
		cr_proc_link(m->pid, "exe", exe);
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d (%s) is run by %s, which translates its instructions "
			       "and takes its signals, as valgrind does: it cannot be saved, run "
			       "it without; the job goes on",
			       m->pid, st->name, exe);
	}
	if (m->filters.magic && others & ~m->filters.handlers)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d (%s) has installed handlers of real-time signals (%d) "
			       "by system calls of its own, perhaps in place of the agent's: it "
			       "cannot be called; the job goes on",
			       m->pid, st->name,
			       __builtin_ffsll(others & ~m->filters.handlers));
	if (m->filters.stack_size && m->filters.stack_size < m->filters.frame)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d (%s) has an alternate signal stack of %" PRIu64
			       " bytes, and a signal takes up to %" PRIu64
			       " on this CPU: it cannot be called; the job goes on",
			       m->pid, st->name, m->filters.stack_size, m->filters.frame);
	return 0;
}

static bool writable(struct cr_process *m, uint64_t at, uint64_t end)
{
	struct cr_maps maps = { 0 };
	size_t i;

	if (cr_proc_maps(m->pid, false, &maps))
		return true;
	for (i = 0; i < maps.n && at < end; i++)
		if (at >= maps.v[i].start && at < maps.v[i].end && maps.v[i].prot & PROT_WRITE)
			at = maps.v[i].end;
	cr_maps_free(&maps);
	return at >= end;
}

int cr_check_stack(struct cr_process *m, const struct cr_proc_status *st, struct cr_err *err)
{
	uint64_t end = m->filters.stack + m->filters.stack_size;
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);

	if (!m->filters.magic || !m->filters.stack_size ||
	    writable(m, end - m->filters.frame, end)) {
		m->bad_stack_ns = 0;
		return 0;
	}
	if (!m->bad_stack_ns)
		m->bad_stack_ns = now;
	if (now - m->bad_stack_ns < 1000000000)
		return -EAGAIN;
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d (%s) has an alternate signal stack (%#" PRIx64
		       ") that cannot be written, so it cannot be called; the job goes on",
		       m->pid, st->name, m->filters.stack);
}

int cr_check_filters(struct cr_shepherd *sh, struct cr_process *m, const struct cr_proc_status *st,
		     struct cr_err *err)
{
	const char *why = NULL;
	char text[96];

	if (st->seccomp == SECCOMP_MODE_STRICT || m->filters.forbidden == CR_FILTER_STRICT)
		why = "in seccomp's strict mode";
	else if (m->filters.forbidden == CR_FILTER_LISTENER)
		why = "under a seccomp filter that asks a listener";
	else if (m->filters.forbidden && m->filters.magic) {
		snprintf(text, sizeof(text),
			 "under a seccomp filter that forbids system call %u, which a checkpoint "
			 "needs",
			 m->filters.forbidden - 1);
		why = text;
	} else if (st->filters > sh->filters &&
		   m->filters.known + sh->filters != (unsigned)st->filters)
		why = "under a seccomp filter that it has from before it executed its program, or "
		      "not by libc";
	if (!why)
		return 0;
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d (%s) is %s: it cannot be saved; the job goes on", m->pid,
		       st->name, why);
}

/* The agent installs all that it knows of in each thread: so each must have just these. */
int cr_describe_filters(struct cr_shepherd *sh, struct cr_process *m,
			const struct cr_proc_status *st, struct cr_err *err)
{
	struct cr_proc_status one;
	size_t i;

	if (!m->core.filters)
		return 0;
	if (!st->no_new_privs && !(st->caps[2] >> CAP_SYS_ADMIN & 1))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d (%s) has seccomp filters but neither no_new_privs nor "
			       "CAP_SYS_ADMIN any more, without which they cannot be installed "
			       "again; the job goes on",
			       m->pid, st->name);
	for (i = 0; i < m->threads.n; i++)
		if (!m->threads.v[i].dead && !cr_proc_status(AT_FDCWD, m->threads.v[i].tid, &one) &&
		    (unsigned)one.filters != m->core.filters + sh->filters)
			return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
				       "threads of process %d (%s) have different seccomp filters, "
				       "which cannot be saved; the job goes on",
				       m->pid, st->name);
	return 0;
}
