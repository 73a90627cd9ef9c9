// SPDX-License-Identifier: Apache-2.0
//
// Stopping every process of the job: call each agent, take in what it tells, until the tree has
// nobody left who runs. Runs in the shepherd, which does nothing else meanwhile (bounded by the
// stop timeout). On failure every connection is closed, which lets everyone go on.
#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <linux/kcmp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/elf_id.h"
#include "common/wake.h"
#include "objects/event/uffd.h"
#include "objects/event/watch_path.h"
#include "shepherd/asks.h"
#include "shepherd/checkpoint.h"
#include "shepherd/corpse.h"
#include "shepherd/duplicates.h"
#include "shepherd/filters.h"
#include "shepherd/limits.h"
#include "shepherd/processes.h"
#include "shepherd/memory.h"
#include "shepherd/shepherd.h"
#include "shepherd/stop.h"
#include "shepherd/trace.h"
#include "shepherd/unblock.h"

/* No agent is loaded into a static program; one that it runs (valgrind) is not for the CPU. */
static int check_static(struct cr_process *m, struct cr_err *err)
{
	char path[64], exe[CR_PATH_MAX] = "?", command[128];
	struct cr_elf_info elf;
	cr_auto_fd fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/exe", m->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || cr_elf_read(fd, &elf) || !elf.elf || elf.interpreter)
		return 0;
	cr_proc_link(m->pid, "exe", exe);
	cr_proc_command(AT_FDCWD, m->pid, command, sizeof(command));
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d (%s) runs the static program %s, into which the agent "
		       "cannot be loaded (--backend criu can save it); the job goes on",
		       m->pid, command, exe);
}

/* A process without a handler: will it ever have one? */
static int check_agentless(struct cr_process *m, struct cr_err *err)
{
	char exe[CR_PATH_MAX] = "?", command[128];
	struct stat st;

	if (check_static(m, err))
		return -ENOTSUP;
	cr_proc_link(m->pid, "exe", exe);
	cr_proc_command(AT_FDCWD, m->pid, command, sizeof(command));
	if (!stat(exe, &st) && st.st_mode & (S_ISUID | S_ISGID))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d (%s) runs the setuid program %s, into which the agent "
			       "cannot be loaded (--backend criu can save it); the job goes on",
			       m->pid, command, exe);
	return 0;
}

/* The thread to call: the main one, unless it has ended. 0 if the process is a zombie. */
static pid_t thread_to_call(struct cr_process *m, const struct cr_proc_status *st)
{
	cr_pids threads = { 0 };
	pid_t tid = 0;
	size_t i;

	if (st->state != 'Z')
		return m->pid;
	cr_proc_threads(AT_FDCWD, m->pid, &threads);
	for (i = 0; i < threads.n && !tid; i++)
		if (threads.v[i] != m->pid)
			tid = threads.v[i];
	free(threads.v);
	return tid;
}

/* In which call the thread stands now: it cannot see that itself. */
static void stop_read_record(pid_t pid, pid_t tid, struct cr_wake *wake)
{
	unsigned long long v[8]; /* six arguments, sp, pc */
	cr_auto_free char *text = NULL;
	uint64_t args[4];
	char path[64];
	long nr;
	int i;

	wake->nr = -1;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	if (cr_slurp(AT_FDCWD, path, &text) <= 0 ||
	    sscanf(text, "%ld %llx %llx %llx %llx %llx %llx %llx %llx", &nr, &v[0], &v[1], &v[2],
		   &v[3], &v[4], &v[5], &v[6], &v[7]) != 9)
		return;
	for (i = 0; i < 4; i++)
		args[i] = v[i];
	wake->nr = nr;
	wake->key = cr_call_key(v[7], v[6], args);
}

/* Ranges that the writer shall have though a fork does not copy them, or the other way round. */
#define ACCEPT_AT_ONCE 256
#define LIFTED (AGENT_RANGE_DONTFORK | AGENT_RANGE_WIPEONFORK | AGENT_RANGE_SYSV)

static bool must_ask(const struct cr_process *m)
{
	size_t i;

	for (i = 0; i < m->keep.n; i++)
		if (m->keep.v[i].flags & LIFTED)
			return true;
	/* Until all that have one table stand still, nobody says what is in it. */
	return m->unblocked || m->shares_files;
}

/* Between vfork and exec a child has its parent's memory: whoever woke it would wake the parent. */
static bool borrows_memory(const struct cr_proc_status *st)
{
	struct cr_proc_stat child, parent;
	long ret = syscall(SYS_kcmp, st->tgid, st->ppid, KCMP_VM, 0, 0);

	if (ret >= 0 || errno == ESRCH)
		return !ret;
	/* Forbidden here: the same program and arguments, and the parent sleeps for it. */
	return !cr_proc_stat(AT_FDCWD, st->tgid, &child) &&
	       !cr_proc_stat(AT_FDCWD, st->ppid, &parent) && parent.state == 'D' &&
	       child.arg_start == parent.arg_start && child.start_stack == parent.start_stack;
}

/* Whether to wait before calling, because the signal is blocked: for an exec it always is. */
static bool wait_for_mask(struct cr_process *m, const struct cr_proc_status *st, uint64_t bit)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);

	if (!(st->blocked & bit)) {
		m->blocked_ns = 0;
		return false;
	}
	if (!m->blocked_ns)
		m->blocked_ns = now;
	if (now - m->blocked_ns < 50000000 || borrows_memory(st))
		return true;
	m->unblocked = true;
	return false;
}

/*
 * Called before, and at it: a handler runs with all signals blocked, the agent's own too. Nothing
 * is to be done to it, who may just be where nothing interrupts. Unless it never comes: then it is
 * another program by now.
 */
static bool is_in_handler(struct cr_process *m, const struct cr_proc_status *st, uint64_t bit)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);

	if (!m->called_ns || !(st->blocked & bit) || st->pending & bit)
		return false;
	if (!m->blocked_ns)
		m->blocked_ns = now;
	return now - m->blocked_ns < 3000000000;
}

static char thread_state(pid_t tid)
{
	struct cr_proc_stat st;

	return cr_proc_stat(AT_FDCWD, tid, &st) ? 0 : st.state;
}

static int called(struct cr_process *m, pid_t tid)
{
	m->tid = tid;
	m->called_ns = cr_now_ns(CLOCK_MONOTONIC);
	m->state = CR_PROCESS_CALLED;
	return 0;
}

static int stop_call(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	uint64_t bit = 1ull << (sh->options.signal - 1);
	siginfo_t info = { .si_signo = sh->options.signal, .si_code = SI_QUEUE };
	struct cr_wake wake = { .magic = CR_WAKE_MAGIC };
	char root[CR_PATH_MAX];
	struct cr_proc_status st;
	pid_t tid;
	int ret;

	if (cr_proc_status(AT_FDCWD, m->pid, &st)) {
		cr_process_settle(c, m, CR_PROCESS_GONE);
		return 0;
	}
	tid = thread_to_call(m, &st);
	if (!tid) {
		if (cr_died_when_called(c, m))
			return -EIO;
		cr_process_settle(c, m, CR_PROCESS_ZOMBIE);
		return 0;
	}
	if (st.state == 't' && cr_unblocking(m->pid))
		return 0;
	if (st.state == 't' && !m->traced.n)
		return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d (%s) is being traced: end its debugger and try again",
			       m->pid, st.name);
	if (!(st.caught & bit))
		return check_agentless(m, &c->err);
	cr_read_agent(sh, m);
	if (cr_check_agent(sh, m, &st, &c->err))
		return -ENOTSUP;
	/* Whose handler is it, before an agent begins? valgrind has one long before, and dies. */
	if (!m->filters.frame && check_static(m, &c->err))
		return -ENOTSUP;
	/* A program may write-protect its stack for a while. */
	ret = tid == m->pid ? cr_check_stack(m, &st, &c->err) : 0;
	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	if ((st.seccomp || m->filters.forbidden) && cr_check_filters(sh, m, &st, &c->err))
		return -ENOTSUP;
	if (!m->traced.n && thread_state(tid) == 'T') {
		bool again = m->called_ns;

		if (cr_rouse(sh, m, again, &c->err))
			return -EPERM;
		/* What it was sent before it was stopped still waits for it. */
		if (again)
			return called(m, tid);
	}
	if (!m->traced.n && tid == m->pid && is_in_handler(m, &st, bit))
		return called(m, tid);
	if (!m->traced.n && tid == m->pid && wait_for_mask(m, &st, bit))
		return 0;
	m->chrooted = !cr_proc_link(m->pid, "root", root) && strcmp(root, "/");
	stop_read_record(m->pid, tid, &wake);
	wake.flags = (must_ask(m) ? CR_WAKE_ASK : 0) | (m->chrooted ? CR_WAKE_PROC : 0) |
		     (m->traced.n ? CR_WAKE_STILL : 0) | (m->shares_files ? CR_WAKE_APART : 0);
	info.si_pid = getpid();
	info.si_uid = getuid();
	cr_wake_put(&info, &wake);
	if (syscall(SYS_rt_tgsigqueueinfo, m->pid, tid, sh->options.signal, &info)) {
		if (errno != ESRCH && errno != EAGAIN)
			return cr_fail(&c->err, CR_EXIT_PERMISSION, errno,
				       "cannot signal process %d", m->pid);
		return 0;
	}
	/* It may have come out of its own accord; then there is nothing to put back. */
	if (m->unblocked && !m->traced.n)
		m->unblocked = cr_unblock(m->pid, tid, bit);
	cr_rouse_on(sh, m);
	return called(m, tid);
}

int cr_process_send(struct cr_shepherd *sh, int sock, const int *fds, int nfds)
{
	return cr_wire_send(sock, &sh->wire, cairn_ShepherdMsg_fields, &sh->out, fds, nfds);
}

int cr_process_hear(struct cr_shepherd *sh, struct cr_process *m)
{
	struct pollfd p = { m->sock, POLLIN, 0 };

	if (poll(&p, 1, sh->options.stop_timeout * 1000) != 1 ||
	    cr_wire_recv(m->sock, &sh->wire, cairn_AgentMsg_fields, &sh->in, NULL, NULL, 0) != 1)
		return -EPROTO;
	return sh->in.which_body != cairn_AgentMsg_probed_tag;
}

/* A process of root's job may have become somebody else; one not known yet will be called again. */
static struct cr_process *process_of(struct cr_shepherd *sh, struct cr_checkpoint *c,
				   const struct ucred *peer)
{
	struct cr_process *m = cr_process_find(c, peer->pid);

	if (peer->uid == geteuid())
		return m ? m : cr_process_add(sh, c, peer->pid);
	return geteuid() ? NULL : m;
}

static void lend_proc(struct cr_shepherd *sh, struct cr_process *m)
{
	cr_auto_fd proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	memset(&sh->out, 0, sizeof(sh->out));
	sh->out.which_body = cairn_ShepherdMsg_begin_tag;
	if (proc >= 0)
		cr_process_send(sh, m->sock, &proc, 1);
}

static int accept_agents(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	struct cr_process *m;
	struct ucred peer;
	socklen_t len;
	int fd, i;

	/* Who floods us with connections does not keep us here. */
	for (i = 0; i < ACCEPT_AT_ONCE; i++) {
		fd = accept4(sh->agents, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return errno == EMFILE || errno == ENFILE ? cr_duplicates_full(c) : 0;
		len = sizeof(peer);
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
		    !(m = process_of(sh, c, &peer))) {
			close(fd);
			continue;
		}
		cr_close_fd(&m->sock);
		m->section = 0;
		m->sock = fd;
		m->state = CR_PROCESS_CONNECTED;
		if (m->chrooted)
			lend_proc(sh, m);
		epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd,
			  &(struct epoll_event){ EPOLLIN | EPOLLET, { .ptr = m } });
	}
	return 0;
}

/* The kernel lets nobody send an io_uring: so its process cannot be described. */
static int unsendable(struct cr_process *m, const char *command, const cairn_Failure *f,
		      struct cr_err *err)
{
	char name[32], link[CR_PATH_MAX];
	cr_auto_dir *d = cr_proc_dir(AT_FDCWD, m->pid, "fd");
	int number;

	do {
		number = cr_next_number(d);
		snprintf(name, sizeof(name), "fd/%d", number);
	} while (number >= 0 && (cr_proc_link(m->pid, name, link) || !strstr(link, "[io_uring]")));
	if (number < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, f->error,
			       "process %d (%s) cannot send its descriptors", m->pid, command);
	return cr_fail(
		err, CR_EXIT_UNSUPPORTED, 0,
		"process %d (%s) has an io_uring instance (fd %d), which cannot be saved: let "
		"it do without (it made this one behind libc's back); the job goes on",
		m->pid, command, number);
}

int cr_process_failure(struct cr_shepherd *sh, struct cr_process *m, const cairn_Failure *f,
		      struct cr_err *err)
{
	char command[128];

	cr_proc_command(AT_FDCWD, m->pid, command, sizeof(command));
	switch (f->what) {
	case cairn_StopFailure_STOP_TOO_MANY_THREADS:
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0, "process %d (%s) has too many threads",
			       m->pid, command);
	case cairn_StopFailure_STOP_SIGNALS:
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "more signals wait for process %d (%s) than can be saved; the job "
			       "goes on",
			       m->pid, command);
	case cairn_StopFailure_STOP_STACK:
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "thread %d of process %d (%s) has an alternate signal stack that is "
			       "too small for a signal on this CPU or cannot be written, so it "
			       "cannot be called; the job goes on",
			       f->tid, m->pid, command);
	case cairn_StopFailure_STOP_DESCRIPTOR:
		return unsendable(m, command, f, err);
	case cairn_StopFailure_STOP_FORK:
		return cr_fail(err, CR_EXIT_INTERNAL, f->error,
			       "process %d (%s) cannot be copied (memory or process limits?)",
			       m->pid, command);
	case cairn_StopFailure_STOP_WRITE:
		if (f->error == EBADMSG)
			return cr_fail(err, CR_EXIT_IO, 0,
				       "what was written of process %d (%s), at %#" PRIx64
				       ", is not what it has in memory (a disk or memory that "
				       "fails?): no checkpoint is made of it; the job goes on",
				       m->pid, command, f->addr);
		return cr_fail(
			err, CR_EXIT_IO, f->error,
			"cannot write the memory of process %d (%s) into %s; the job goes on",
			m->pid, command, sh->directory);
	default:
		return cr_fail(err, CR_EXIT_INTERNAL, f->error,
			       "process %d (%s) cannot be described", m->pid, command);
	}
}

static int take_descriptors(struct cr_checkpoint *c, struct cr_process *m,
			    const cairn_Descriptors *d, const int *fds, int nfds)
{
	int i;

	for (i = 0; i < nfds; i++) {
		struct cr_duplicate *kept = cr_duplicate_keep(c, fds[i]);
		struct cr_process_fd *to;

		to = kept && i < d->fds_count ? cr_list_add(&m->fds) : NULL;
		if (!to)
			continue;
		to->number = d->fds[i];
		to->cloexec = i < d->cloexec_count && d->cloexec[i];
		to->duplicate = kept;
	}
	return nfds < d->fds_count ? cr_duplicates_full(c) : 0;
}

#define KEEP(list, record)                                     \
	do {                                                   \
		__typeof__((list)->v) to_ = cr_list_add(list); \
		if (to_)                                       \
			*to_ = record;                         \
	} while (0)

/* What has to be lifted is asked again now that the process's threads stand still. */
static int begin(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	cairn_Begin *b = &sh->out.body.begin;
	size_t i = 0;
	int ret;

	if (cr_scan_keep(m))
		return cr_fail(&c->err, CR_EXIT_INTERNAL, 0, "cannot read /proc/%d/smaps", m->pid);
	if (m->keep.n > AGENT_KEEP)
		return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has more than %u ranges of memory with MADV_DONTFORK or "
			       "MADV_WIPEONFORK, which cannot be saved; the job goes on",
			       m->pid, AGENT_KEEP);
	do {
		memset(&sh->out, 0, sizeof(sh->out));
		sh->out.which_body = cairn_ShepherdMsg_begin_tag;
		b->blocked = m->unblocked;
		for (; i < m->keep.n && b->keep_count < CR_ARRAY_SIZE(b->keep); i++)
			if (m->keep.v[i].flags & LIFTED)
				b->keep[b->keep_count++] = m->keep.v[i];
		b->more = i < m->keep.n;
		ret = cr_process_send(sh, m->sock, NULL, 0);
	} while (!ret && b->more);
	/* One that is gone by now shows as that. */
	return 0;
}

/* Those who have said Hello. */
static int begin_all(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	bool together = true;
	size_t i;
	int ret = 0;

	for (i = 0; i < c->processes.n; i++) {
		const struct cr_process *m = c->processes.v[i];

		if (m->shares_files && !m->waits && !m->begun && m->state < CR_PROCESS_STOPPED)
			together = false;
	}
	for (i = 0; i < c->processes.n && !ret; i++) {
		struct cr_process *m = c->processes.v[i];

		if (!m->waits || (m->shares_files && !together))
			continue;
		m->waits = false;
		m->begun = true;
		ret = begin(sh, c, m);
	}
	return ret;
}

static int stopped(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m, int *fd)
{
	const cairn_Stopped *s = &sh->in.body.stopped;

	if (s->version != CR_AGENT_VERSION)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, 0,
			       "process %d has an agent of version %u, this is %u: restart the job "
			       "with the Cairn that launched it",
			       m->pid, s->version, CR_AGENT_VERSION);
	if (*fd < 0)
		return cr_duplicates_full(c);
	m->writer = *fd;
	*fd = -1;
	cr_process_writer(c, m, s->writer_pid);
	cr_offer_writer(s->writer_pid);
	cr_process_settle(c, m, CR_PROCESS_STOPPED);
	return 0;
}

static void note_mqueue(struct cr_checkpoint *c, const struct cr_process *m,
			const cairn_MqueueNote *n)
{
	struct cr_mqueue_note *to = cr_list_add(&c->save.mqueues);

	if (!to)
		return;
	*to = (struct cr_mqueue_note){ .pid = m->pid, .fd = n->fd, .value = n->value };
	memcpy(to->name, n->name, sizeof(to->name));
}

static void stop_forget(struct cr_process *m)
{
	m->fds.n = m->threads.n = m->pending.n = m->timers.n = 0;
	m->waits = m->begun = false;
	cr_close_fd(&m->sock);
}

/* It goes on, and comes again by itself; it is also called again, in case that its thread ends. */
static int in_section(struct cr_process *m, const cairn_Failure *f)
{
	stop_forget(m);
	m->section = f->tid;
	m->called_ns = cr_now_ns(CLOCK_MONOTONIC);
	m->state = CR_PROCESS_CALLED;
	return 0;
}

static int stop_handle(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m,
		       int *fds, int nfds)
{
	const cairn_AgentMsg *in = &sh->in;
	int none = -1;

	switch (in->which_body) {
	case cairn_AgentMsg_hello_tag:
		m->waits = true;
		return begin_all(sh, c);
	case cairn_AgentMsg_core_tag:
		m->core = in->body.core;
		return 0;
	case cairn_AgentMsg_thread_tag:
		KEEP(&m->threads, in->body.thread);
		return 0;
	case cairn_AgentMsg_pending_tag:
		KEEP(&m->pending, in->body.pending);
		return 0;
	case cairn_AgentMsg_timer_tag:
		KEEP(&m->timers, in->body.timer);
		return 0;
	case cairn_AgentMsg_mqueue_tag:
		note_mqueue(c, m, &in->body.mqueue);
		return 0;
	case cairn_AgentMsg_descriptors_tag:
		return take_descriptors(c, m, &in->body.descriptors, fds, nfds);
	case cairn_AgentMsg_late_tag:
		m->late = in->body.late.tid;
		if (in->body.late.blocked)
			cr_unblock_soon(m->pid, m->late, 1ull << (sh->options.signal - 1));
		return 0;
	case cairn_AgentMsg_stopped_tag:
		return stopped(sh, c, m, nfds ? fds : &none);
	case cairn_AgentMsg_watched_tag:
		cr_watched(&c->save, in->body.watched.path);
		return 0;
	case cairn_AgentMsg_failure_tag:
		if (in->body.failure.what == cairn_StopFailure_STOP_SECTION)
			return in_section(m, &in->body.failure);
		return cr_process_failure(sh, m, &in->body.failure, &c->err);
	default:
		return cr_fail(&c->err, CR_EXIT_INTERNAL, EPROTO, "process %d", m->pid);
	}
}

/*
 * It has exited or executed. Or its threads stand still now: then the connection of the one that
 * saw to that has ended, and another comes at once.
 */
static void stop_ended(struct cr_process *m)
{
	bool stopping = m->late || m->chrooted;

	stop_forget(m);
	m->called_ns = cr_now_ns(CLOCK_MONOTONIC);
	m->state = stopping ? CR_PROCESS_CALLED : CR_PROCESS_NEW;
	m->late = 0;
}

/* All that an agent has to say now. */
static int stop_listen_to(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	int fds[CR_WIRE_FDS], nfds, ret;

	while (m->sock >= 0) {
		ret = cr_wire_recv(m->sock, &sh->wire, cairn_AgentMsg_fields, &sh->in, fds, &nfds,
				   MSG_DONTWAIT);
		if (ret == -EAGAIN)
			return 0;
		if (ret <= 0) {
			if (m->state >= CR_PROCESS_STOPPED)
				return 0;
			stop_ended(m);
			return 0;
		}
		ret = stop_handle(sh, c, m, fds, nfds);
		if (ret)
			return ret;
	}
	return 0;
}

static int stop_wait_for(struct cr_shepherd *sh, struct cr_checkpoint *c, int timeout_ms)
{
	struct epoll_event events[64];
	int n, i, ret = 0;

	cr_asks_look(sh);
	n = epoll_wait(c->epoll, events, CR_ARRAY_SIZE(events), timeout_ms);
	for (i = 0; i < n && !ret; i++) {
		struct cr_process *m = events[i].data.ptr;

		if (!m)
			ret = accept_agents(sh, c);
		else if (m->state == CR_PROCESS_CONNECTED)
			ret = stop_listen_to(sh, c, m);
	}
	return ret;
}

static struct cr_process *in_a_section(const struct cr_checkpoint *c)
{
	size_t i;

	for (i = 0; i < c->processes.n; i++)
		if (c->processes.v[i]->section && c->processes.v[i]->state < CR_PROCESS_STOPPED)
			return c->processes.v[i];
	return NULL;
}

static int too_late(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	char wchan[64], command[128];
	struct cr_process *section = in_a_section(c);
	size_t i;

	if (section) {
		cr_proc_command(AT_FDCWD, section->pid, command, sizeof(command));
		return cr_fail(&c->err, CR_EXIT_TIMEOUT, 0,
			       "thread %d of process %d (%s) has called cairn_disable and not "
			       "cairn_enable within %g s (--stop-timeout); the job goes on",
			       section->section, section->pid, command, sh->options.stop_timeout);
	}

	for (i = 0; i < c->processes.n; i++) {
		struct cr_process *m = c->processes.v[i];

		if (m->state >= CR_PROCESS_STOPPED)
			continue;
		cr_proc_command(AT_FDCWD, m->pid, command, sizeof(command));
		cr_proc_wchan(m->pid, m->late ? m->late : m->pid, wchan, sizeof(wchan));
		if (m->state == CR_PROCESS_NEW && m->blocked_ns)
			return cr_fail(
				&c->err, CR_EXIT_TIMEOUT, 0,
				"process %d (%s) stays between vfork and exec; the job goes on",
				m->pid, command);
		if (m->state == CR_PROCESS_NEW)
			return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
				       "process %d (%s) has no agent: its environment lost "
				       "LD_PRELOAD, or it resets signal %ld; the job goes on",
				       m->pid, command, sh->options.signal);
		return cr_fail(&c->err, CR_EXIT_TIMEOUT, 0,
			       "thread %d of process %d (%s) did not stop within %g s (it waits in "
			       "%s); all others go on; see --stop-timeout",
			       m->late ? m->late : m->pid, m->pid, command,
			       sh->options.stop_timeout, *wchan ? wchan : "user code");
	}
	return cr_fail(&c->err, CR_EXIT_TIMEOUT, 0,
		       "the job makes processes faster than they can be stopped; it goes on");
}

void cr_leave_out(struct cr_checkpoint *c, struct cr_process *m)
{
	m->left_out = true;
	cr_process_settle(c, m, CR_PROCESS_GONE);
}

/* During a check, those that do not stop are left out too. */
static int give_up_waiting(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t i;

	if (cr_pass_over(c, too_late(sh, c)))
		return -ETIMEDOUT;
	for (i = 0; i < c->processes.n; i++)
		if (c->processes.v[i]->state < CR_PROCESS_STOPPED)
			cr_leave_out(c, c->processes.v[i]);
	return 0;
}

/* Stopped processes need us at each step; one may also have been stopped after it was called. */
static int push_on(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);
	size_t i;

	cr_unblock_on();
	/* One that others waited for may have ended. */
	if (begin_all(sh, c))
		return -EPERM;
	for (i = 0; i < c->processes.n; i++) {
		struct cr_process *m = c->processes.v[i];

		cr_rouse_on(sh, m);
		if (m->state != CR_PROCESS_CONNECTED || m->traced.n ||
		    now - m->called_ns < 100000000)
			continue;
		m->called_ns = now;
		if (thread_state(m->tid ? m->tid : m->pid) == 'T' && cr_rouse(sh, m, true, &c->err))
			return -EPERM;
	}
	return 0;
}

/* Calls those who run; *uncalled: there are some whom it is not yet time to call. */
static int call_one(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);
	int ret;

	/* A call can be lost in an exec: repeat it; an agent ignores a second. */
	if (m->state == CR_PROCESS_CALLED && now - m->called_ns > 100000000)
		m->state = CR_PROCESS_NEW;
	if (m->state != CR_PROCESS_NEW)
		return 0;
	ret = stop_call(sh, c, m);
	if (ret && cr_pass_over(c, ret))
		return ret;
	if (ret)
		cr_leave_out(c, m);
	return 0;
}

static int call_all(struct cr_shepherd *sh, struct cr_checkpoint *c, bool *uncalled)
{
	size_t i;
	int ret = 0;

	*uncalled = false;
	for (i = 0; i < c->processes.n && !ret; i++) {
		ret = call_one(sh, c, c->processes.v[i]);
		*uncalled |= c->processes.v[i]->state == CR_PROCESS_NEW;
	}
	return ret;
}

/*
 * Child subreapers first, from the top: as long as they stand still they are none, so that the
 * writers of those below come to us instead of to their wait().
 */
static int stop_subreapers(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < c->processes.n && !ret; i++) {
		struct cr_process *m = c->processes.v[i];
		int64_t until = cr_now_ns(CLOCK_MONOTONIC) + 100000000;

		while (!ret && m->filters.subreaper && m->state < CR_PROCESS_STOPPED &&
		       cr_now_ns(CLOCK_MONOTONIC) < until) {
			ret = call_one(sh, c, m);
			if (!ret)
				ret = stop_wait_for(sh, c, 1);
			if (!ret)
				ret = push_on(sh, c);
		}
	}
	return ret;
}

/*
 * Those that use cairn_disable() before the others, who run as long as one of them is in a section:
 * what it does there may need them.
 */
static int stop_sections(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	int64_t soon = c->stop_ns + 100000000, now;
	int64_t deadline = c->stop_ns + sh->options.stop_timeout * 1e9;
	size_t i, waiting;
	int ret = 0;

	do {
		waiting = 0;
		now = cr_now_ns(CLOCK_MONOTONIC);
		for (i = 0; i < c->processes.n && !ret; i++) {
			struct cr_process *m = c->processes.v[i];

			if (!m->filters.sections || m->state >= CR_PROCESS_STOPPED)
				continue;
			ret = call_one(sh, c, m);
			waiting += m->state < CR_PROCESS_STOPPED && (m->section || now < soon);
		}
		if (!ret && waiting)
			ret = stop_wait_for(sh, c, 1);
		if (!ret && waiting)
			ret = push_on(sh, c);
		if (!ret && waiting && now > deadline && c->intent != cairn_Intent_INTENT_CHECK)
			return give_up_waiting(sh, c);
	} while (!ret && waiting && now <= deadline);
	return ret;
}

/*
 * A look costs as much as a call. So there is one when all who are known have stopped, and before
 * that now and then, for those who are born meanwhile.
 */
/* Who has told its descriptors and then is not done: its copy may wait to be reported. */
static void help_forks(struct cr_checkpoint *c)
{
	size_t i, k;

	for (i = 0; i < c->processes.n; i++) {
		struct cr_process *m = c->processes.v[i];

		for (k = 0; m->state == CR_PROCESS_CONNECTED && k < m->fds.n; k++)
			cr_uffd_answer(m->fds.v[k].duplicate->fd);
	}
}

static int stop_all(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	int64_t deadline = c->stop_ns + sh->options.stop_timeout * 1e9, until;
	bool uncalled;
	int ret;

	for (;;) {
		ret = call_all(sh, c, &uncalled);
		if (ret)
			return ret;
		until = cr_now_ns(CLOCK_MONOTONIC) + (uncalled ? 2000000 : 10000000);
		while (c->arrived < c->expected &&
		       cr_now_ns(CLOCK_MONOTONIC) < until) {
			ret = stop_wait_for(sh, c, 1);
			if (!ret)
				ret = push_on(sh, c);
			if (ret)
				return ret;
		}
		if (!cr_processes_look(sh, c) && c->arrived == c->expected)
			return 0;
		if (cr_now_ns(CLOCK_MONOTONIC) > c->stop_ns + 100000000)
			help_forks(c);
		if (cr_now_ns(CLOCK_MONOTONIC) > deadline)
			return give_up_waiting(sh, c);
	}
}

int cr_stop_job(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	struct epoll_event agents = { EPOLLIN, { .ptr = NULL } };
	int ret;

	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll < 0 || epoll_ctl(c->epoll, EPOLL_CTL_ADD, sh->agents, &agents))
		ret = cr_fail(&c->err, CR_EXIT_INTERNAL, errno, "stopping the job");
	else
		ret = stop_subreapers(sh, c);
	if (!ret)
		ret = stop_sections(sh, c);
	if (!ret)
		ret = stop_all(sh, c);
	cr_unblock_end();
	cr_close_fd(&c->epoll);
	return ret;
}

static void stop_go(struct cr_shepherd *sh, struct cr_process *m)
{
	if (m->sock < 0)
		return;
	memset(&sh->out, 0, sizeof(sh->out));
	sh->out.which_body = cairn_ShepherdMsg_go_tag;
	cr_process_send(sh, m->sock, NULL, 0);
	cr_close_fd(&m->sock);
}

void cr_let_go(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t i;

	/* Those that are stopped before the others, who could see them at it. */
	for (i = 0; i < c->processes.n; i++) {
		if (!c->processes.v[i]->traced.n)
			continue;
		cr_hold(c->processes.v[i]);
		stop_go(sh, c->processes.v[i]);
		cr_release(c->processes.v[i]);
	}
	for (i = 0; i < c->processes.n; i++)
		stop_go(sh, c->processes.v[i]);
	if (!c->running)
		c->stall_ns = cr_now_ns(CLOCK_MONOTONIC) - c->stop_ns;
	c->running = true;
}
