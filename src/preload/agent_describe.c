// SPDX-License-Identifier: Apache-2.0
//
// What only the process itself can tell: signal actions, timers, threads, descriptors.
// Runs in: the leading thread, on the agent's stack, all others stopped. On failure: -errno, and
// the checkpoint is given up.
#include <errno.h>
#include <linux/membarrier.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "arch/x86_64/frame.h"
#include "arch/x86_64/keys.h"
#include "preload/agent_describe.h"
#include "preload/line.h"
#include "preload/agent_pending.h"
#include "preload/resume.h"
#include "preload/state.h"
#include "preload/agent_text.h"
#include "preload/wrap_siginfo.h"
#include "preload/wrap_sysv.h"

#define ARCH_GET_XCOMP_PERM 0x1022
#define ARCH_GET_CPUID 0x1011
#define ARCH_SHSTK_STATUS 0x5005
#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif
#ifndef PR_GET_MEMORY_MERGE
#define PR_GET_MEMORY_MERGE 68
#endif
#define MEMBARRIER_GET_REGISTRATIONS 512
#define MEMBARRIER_REGISTER_RSEQ 256

static int64_t timeval_ns(const struct timeval *t)
{
	return t->tv_sec * 1000000000ll + t->tv_usec * 1000;
}

/*
 * The kernel tells by what a new mapping is: locked, so there at once, or not possible. One that is
 * locked only as it is used gives nothing back.
 */
static bool locks_future(bool *on_fault)
{
	unsigned char there = 0;
	bool locked;
	long at = cr_sys6(SYS_mmap, 0, CR_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (at < 0)
		return at == -EAGAIN;
	cr_sys3(SYS_mincore, at, CR_PAGE, &there);
	locked = cr_sys3(SYS_madvise, at, CR_PAGE, MADV_DONTNEED) == -EINVAL;
	cr_sys2(SYS_munmap, at, CR_PAGE);
	*on_fault = locked && !(there & 1);
	return locked || there & 1;
}

/*
 * What it has registered for. Before Linux 6.3 that shows by what is allowed, but for those that
 * others may reach, where one too many does no harm.
 */
static uint32_t membarriers(void)
{
	uint32_t found = MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED;
	long ret = cr_sys3(SYS_membarrier, MEMBARRIER_GET_REGISTRATIONS, 0, 0);

	if (ret >= 0)
		return ret;
	ret = cr_sys3(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
	if (ret < 0)
		return 0;
	if (!cr_sys3(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		found |= MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
	if (!cr_sys3(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0))
		found |= MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
	if (!cr_sys3(SYS_membarrier, MEMBARRIER_REGISTER_RSEQ >> 1, 0, 0))
		found |= MEMBARRIER_REGISTER_RSEQ;
	return found & ret;
}

/*
 * Which protection keys the process has allocated: those that memory can be given. The one that the
 * kernel takes by itself for memory that may only run is not among them.
 */
static uint32_t keys(void)
{
	long at = cr_sys6(SYS_mmap, 0, CR_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t found = 0;
	int key;

	if (at < 0)
		return 0;
	for (key = 1; key < CR_KEYS; key++)
		if (!cr_sys4(SYS_pkey_mprotect, at, CR_PAGE, PROT_NONE, key))
			found |= 1u << key;
	cr_sys2(SYS_munmap, at, CR_PAGE);
	return found;
}

static int send_core(void)
{
	cairn_ProcessCore *core = &cr_agent.out.body.core;
	struct itimerval it;
	uint64_t shadow = 0;
	unsigned int i;
	long ret;

	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_core_tag;
	core->pid = cr_agent.pid;
	core->actions_count = 64;
	for (i = 0; i < 64; i++) {
		struct {
			uint64_t handler, flags, restorer, mask;
		} a = { 0 };

		cr_sys4(SYS_rt_sigaction, i + 1, NULL, &a, 8);
		a.handler = agent_handler_of(i + 1, a.handler);
		core->actions[i] = (cairn_SignalAction){ a.handler, a.flags, a.restorer, a.mask };
	}
	core->itimers_count = 3;
	for (i = 0; i < 3; i++) {
		cr_sys2(SYS_getitimer, i, &it);
		core->itimers[i].value_ns = timeval_ns(&it.it_value);
		core->itimers[i].interval_ns = timeval_ns(&it.it_interval);
	}
	cr_agent.alarm = core->itimers[ITIMER_REAL].value_ns;
	core->brk = cr_sys1(SYS_brk, 0);
	core->locks_future = locks_future(&core->locks_future_on_fault);
	core->keys = keys();
	core->shm_known_count = agent_sysv_known(CR_ID_SHM, core->shm_known);
	core->sem_known_count = agent_sysv_known(CR_ID_SEM, core->sem_known);
	core->msg_known_count = agent_sysv_known(CR_ID_MSG, core->msg_known);
	cr_sys2(SYS_arch_prctl, ARCH_GET_XCOMP_PERM, &core->xcomp_permitted);
	core->personality = cr_sys1(SYS_personality, 0xffffffff);
	core->dumpable = cr_agent.dumpable;
	core->child_subreaper = cr_agent.subreaper;
	core->thp_disable = cr_sys5(SYS_prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
	core->keep_caps = cr_sys1(SYS_prctl, PR_GET_KEEPCAPS);
	core->securebits = cr_sys1(SYS_prctl, PR_GET_SECUREBITS);
	ret = cr_sys5(SYS_prctl, PR_GET_MEMORY_MERGE, 0, 0, 0, 0);
	core->memory_merge = ret > 0 ? ret : 0;
	ret = cr_sys5(SYS_prctl, PR_GET_MDWE, 0, 0, 0, 0);
	core->mdwe = ret > 0 ? ret : 0;
	core->membarrier = membarriers();
	if (!cr_sys2(SYS_arch_prctl, ARCH_SHSTK_STATUS, &shadow) && shadow)
		core->lost |= CR_LOST_SHADOW_STACK;
	core->filters = cr_agent_filters.known;
	core->lost |= cr_agent_filters.lost;
	core->agent_config = (uint64_t)&cr_agent.config;
	core->agent_resume = (uint64_t)cr_agent_resume;
	core->threads = cr_agent.nthreads;
	memcpy(core->exe, cr_agent.exe, sizeof(core->exe));
	return agent_send(NULL, 0);
}

/* What prctl has set for one thread. */
void agent_take_restrictions(struct agent_thread *t)
{
	int which, tsc = PR_TSC_ENABLE;
	long ret;

	if (!cr_sys2(SYS_prctl, PR_GET_TSC, &tsc) && tsc == PR_TSC_SIGSEGV)
		t->restrictions |= CR_THREAD_NO_TSC;
	if (!cr_sys2(SYS_arch_prctl, ARCH_GET_CPUID, 0))
		t->restrictions |= CR_THREAD_NO_CPUID;
	if (cr_sys5(SYS_prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0) == 1)
		t->restrictions |= CR_THREAD_IO_FLUSHER;
	ret = cr_sys5(SYS_prctl, PR_MCE_KILL_GET, 0, 0, 0, 0);
	t->mce_kill = ret >= 0 ? ret : PR_MCE_KILL_DEFAULT;
	for (which = 0; which < 3; which++) {
		ret = cr_sys5(SYS_prctl, PR_GET_SPECULATION_CTRL, which, 0, 0, 0);
		if (ret > 0)
			t->speculation |= (ret & 0xff) << 8 * which;
	}
}

static int send_thread(const struct agent_thread *t)
{
	cairn_Thread *m = &cr_agent.out.body.thread;

	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_thread_tag;
	m->pid = cr_agent.pid;
	m->tid = t->tid;
	m->dead = t->dead;
	m->frame = (uint64_t)t->uc;
	m->fs_base = t->fs;
	m->gs_base = t->gs;
	m->robust_list = t->robust;
	m->robust_len = t->robust_len;
	m->clear_child_tid = t->clear_tid;
	m->rseq = t->rseq.at;
	m->rseq_len = t->rseq.at ? t->rseq.len : 0;
	m->rseq_signature = t->rseq.at ? t->rseq.signature : 0;
	m->comm.size = sizeof(t->comm);
	memcpy(m->comm.bytes, t->comm, sizeof(t->comm));
	m->timer_slack = t->slack;
	m->pdeath_signal = t->pdeath;
	m->restrictions = t->restrictions;
	m->mce_kill = t->mce_kill;
	m->speculation = t->speculation;
	m->amx = t->uc && cr_frame_amx(t->uc);
	return agent_send(NULL, 0);
}

/* Skips to just behind the next key; NULL when there is none. */
static const char *after(const char *p, const char *key)
{
	p = p ? strstr(p, key) : NULL;
	return p ? p + strlen(key) : NULL;
}

static int send_timer(const char *p)
{
	static const char *const kinds[] = { "signal", "none", "thread" }; /* SIGEV_* in order */
	cairn_PosixTimer *m = &cr_agent.out.body.timer;
	struct itimerspec it;
	unsigned int i;

	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_timer_tag;
	m->pid = cr_agent.pid;
	m->id = cr_get_number(&p, 10);
	if (!(p = after(p, "signal: ")))
		return -EPROTO;
	m->signal = cr_get_number(&p, 10);
	p++;
	if (p[0] == '0' && p[1] == 'x')
		p += 2;
	m->value = cr_get_number(&p, 16);
	if (!(p = after(p, "notify: ")))
		return -EPROTO;
	for (i = 0; i < 3; i++)
		if (!strncmp(p, kinds[i], strlen(kinds[i])))
			m->notify = i;
	if (!(p = after(p, "/")))
		return -EPROTO;
	if (!strncmp(p, "tid.", 4)) {
		p += 4;
		m->tid = cr_get_number(&p, 10);
		m->notify |= 4; /* SIGEV_THREAD_ID */
	}
	if (!(p = after(p, "ClockID: ")))
		return -EPROTO;
	m->clock = *p == '-' ? -(int)(p++, cr_get_number(&p, 10)) : (int)cr_get_number(&p, 10);
	if (cr_sys2(SYS_timer_gettime, m->id, &it))
		return -EPROTO;
	m->value_ns = it.it_value.tv_sec * 1000000000ll + it.it_value.tv_nsec;
	m->interval_ns = it.it_interval.tv_sec * 1000000000ll + it.it_interval.tv_nsec;
	m->overrun = cr_sys1(SYS_timer_getoverrun, m->id);
	return agent_send(NULL, 0);
}

static int send_timers(void)
{
	const char *p = cr_agent.text;
	int ret = 0;

	if (cr_read_text(cr_agent.proc - 1, "/proc/self/timers", cr_agent.text,
			 sizeof(cr_agent.text)) <= 0)
		return 0;
	while (!ret && (p = after(p, "ID: "))) {
		ret = send_timer(p);
		/* "ClockID: " contains the key too. */
		p = after(p, "ClockID: ");
	}
	return ret;
}

int agent_describe(void)
{
	unsigned int i;
	int ret = send_core();

	for (i = 0; i < cr_agent.nthreads && !ret; i++)
		if (!cr_agent.threads[i].gone)
			ret = send_thread(&cr_agent.threads[i]);
	if (!ret)
		ret = agent_send_pending(0);
	return ret ? ret : send_timers();
}

/* Forgets those that are not open any more; how many are left. */
static int still_open(cairn_Descriptors *d)
{
	int i, n = 0;

	for (i = 0; i < d->fds_count; i++) {
		if (cr_sys2(SYS_fcntl, d->fds[i], F_GETFD) < 0)
			continue;
		d->fds[n] = d->fds[i];
		d->cloexec[n++] = d->cloexec[i];
	}
	return n;
}

/* Too many may be in flight, by a limit that is small; the shepherd is about to take some. */
static int send_patiently(const int *fds, int n)
{
	struct rlimit own;
	int ret = agent_send(fds, n), tries;

	for (tries = 0; ret == -ETOOMANYREFS && tries < 1000; tries++) {
		bool wide = cr_widen(&own);

		ret = agent_send(fds, n);
		if (wide)
			cr_limit_files(&own);
		if (ret == -ETOOMANYREFS)
			cr_sys2(SYS_nanosleep, (&(struct timespec){ 0, 1000000 }), NULL);
	}
	return ret;
}

static int flush_descriptors(int *n)
{
	static int fds[CR_WIRE_FDS];
	cairn_Descriptors *d = &cr_agent.out.body.descriptors;
	int i, left = *n, ret = 0, tries;

	*n = 0;
	for (tries = 0; left && tries < 1000; tries++) {
		for (i = 0; i < left; i++)
			fds[i] = d->fds[i];
		d->fds_count = d->cloexec_count = left;
		ret = send_patiently(fds, left);
		/* The table is shared, and another process's agent has closed its own in it. */
		if (ret != -EBADF)
			return ret;
		left = still_open(d);
	}
	return left ? ret : 0;
}

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* The leading thread; an older kernel knows main threads only. */
static long open_leader(void)
{
	int tid = cr_agent.threads[0].tid;
	long fd = cr_sys2(SYS_pidfd_open, tid, PIDFD_THREAD);

	return fd == -EINVAL && tid == cr_agent.pid ? cr_sys2(SYS_pidfd_open, tid, 0) : fd;
}

/* One of the application's, which this thread has not: through a duplicate. */
static int send_foreign(int leader, int fd)
{
	cairn_Descriptors *d = &cr_agent.out.body.descriptors;
	long own = cr_sys3(SYS_pidfd_getfd, leader, fd, 0), flags;
	char path[80], text[256];
	const char *p;
	int ret;

	if (own < 0)
		return own == -EBADF ? 0 : own;
	cr_task_path(path, cr_agent.threads[0].tid, "fdinfo/");
	cr_put_number(path + strlen(path), fd);
	if (cr_read_text(cr_agent.proc - 1, path, text, sizeof(text)) <= 0 ||
	    !(p = after(text, "flags:\t"))) {
		cr_sys1(SYS_close, own);
		return -EPROTO;
	}
	flags = cr_get_number(&p, 8);
	d->fds[0] = fd;
	d->cloexec[0] = flags & O_CLOEXEC ? FD_CLOEXEC : 0;
	d->fds_count = d->cloexec_count = 1;
	ret = send_patiently((int[]){ own }, 1);
	cr_sys1(SYS_close, own);
	return ret;
}

int agent_send_descriptors(void)
{
	struct cr_numbers numbers = { .buf = cr_agent.text, .room = sizeof(cr_agent.text) };
	long flags, dir, leader = -1;
	char path[64];
	int n = 0, ret = 0, fd;

	/* Of a main thread that has ended there is nothing to see any more. */
	cr_task_path(path, cr_agent.threads[0].tid, "fd");
	dir = cr_open_proc(cr_agent.proc - 1, path, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return dir;
	if (cr_agent.apart && (leader = open_leader()) < 0)
		return leader;
	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_descriptors_tag;
	numbers.dir = dir;
	while (!ret && (fd = cr_numbers_next(&numbers)) >= 0) {
		if (cr_agent.apart) {
			ret = send_foreign(leader, fd);
			continue;
		}
		if (fd == dir || fd == cr_agent.sock || fd == cr_agent.proc - 1)
			continue;
		flags = cr_sys2(SYS_fcntl, fd, F_GETFD);
		if (flags < 0)
			continue;
		cr_agent.out.body.descriptors.fds[n] = fd;
		cr_agent.out.body.descriptors.cloexec[n++] = flags & FD_CLOEXEC;
		if (n == CR_WIRE_FDS)
			ret = flush_descriptors(&n);
	}
	cr_sys1(SYS_close, dir);
	if (n && !ret)
		ret = flush_descriptors(&n);
	return ret;
}
