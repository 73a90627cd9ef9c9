// SPDX-License-Identifier: Apache-2.0
//
// Stopping the threads of a process and letting them go on as if nothing had been: no EINTR, no
// timeout longer than asked for.
// Runs in: the agent's signal handler, in the leading thread and in each other one. Invariant: a
// thread that parks needs nothing that another thread may hold. On failure all are let go.
#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "arch/x86_64/rseq.h"
#include "preload/apart.h"
#include "preload/api.h"
#include "preload/agent_describe.h"
#include "preload/interrupt.h"
#include "preload/line.h"
#include "preload/agent_pending.h"
#include "preload/stacks.h"
#include "preload/state.h"
#include "preload/agent_stop.h"
#include "preload/agent_text.h"

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif
#define PR_GET_NAME 16
#define PR_GET_PDEATHSIG 2
#define PR_GET_TIMERSLACK 30
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

void agent_futex_wait(_Atomic unsigned int *word, unsigned int value, int64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	cr_sys4(SYS_futex, word, FUTEX_WAIT, value, ns ? &t : NULL);
}

void agent_futex_wake(_Atomic unsigned int *word)
{
	cr_sys3(SYS_futex, word, FUTEX_WAKE, 0x7fffffff);
}

/* In which call, with which arguments, did the thread stand when it was called? */
static void agent_stop_read_record(struct agent_thread *t)
{
	char path[64], buf[256];
	const char *p = buf;
	uint64_t v[8]; /* six arguments, sp, pc */
	int i;

	t->nr = -1;
	cr_task_path(path, t->tid, "syscall");
	if (cr_read_text(cr_agent.proc - 1, path, buf, sizeof(buf)) <= 0 || *p < '0' || *p > '9')
		return;
	t->nr = cr_get_number(&p, 10);
	for (i = 0; i < 8; i++) {
		while (*p == ' ')
			p++;
		if (p[0] == '0' && p[1] == 'x')
			p += 2;
		v[i] = cr_get_number(&p, 16);
	}
	t->key = cr_call_key(v[7], v[6], v);
}

/* The application's own, of this thread. A new thread has none, a fork has its parent's. */
static __thread struct agent_rseq own_rseq __attribute__((tls_model("initial-exec")));

long agent_rseq(long area, long len, long flags, long signature)
{
	long ret = cr_sys4(SYS_rseq, area, len, flags, signature);

	if (!ret && flags & RSEQ_UNREGISTER)
		own_rseq.at = 0;
	else if (!ret)
		own_rseq = (struct agent_rseq){ area, len, signature };
	return ret;
}

/*
 * Which area the thread has registered, if any. The kernel tells only by refusing: to do it again
 * (EBUSY), or to have another one (EINVAL, EPERM).
 */
static void take_rseq(struct agent_thread *t)
{
	struct agent_rseq r = own_rseq;
	long ret;

	t->rseq.at = 0;
	if (!r.at) {
		if (!&__rseq_size || !__rseq_size || !t->fs)
			return;
		r.at = t->fs + __rseq_offset;
		r.len = __rseq_size < CR_RSEQ_SIZE ? CR_RSEQ_SIZE : __rseq_size;
		r.signature = CR_RSEQ_SIGNATURE;
	}
	ret = cr_sys4(SYS_rseq, r.at, r.len, 0, r.signature);
	if (ret == -EBUSY)
		t->rseq = r;
	else if (!ret)
		cr_sys4(SYS_rseq, r.at, r.len, RSEQ_UNREGISTER, r.signature);
	else if (ret == -EINVAL || ret == -EPERM)
		cr_agent_filters.lost |= CR_LOST_RSEQ;
}

void agent_take_record(struct agent_thread *t)
{
	cr_sys2(SYS_arch_prctl, ARCH_GET_FS, &t->fs);
	cr_sys2(SYS_arch_prctl, ARCH_GET_GS, &t->gs);
	cr_sys3(SYS_get_robust_list, 0, &t->robust, &t->robust_len);
	cr_sys2(SYS_prctl, PR_GET_TID_ADDRESS, &t->clear_tid);
	cr_sys2(SYS_prctl, PR_GET_NAME, t->comm);
	cr_sys2(SYS_prctl, PR_GET_PDEATHSIG, &t->pdeath);
	t->slack = cr_sys1(SYS_prctl, PR_GET_TIMERSLACK);
	take_rseq(t);
	agent_take_restrictions(t);
	agent_hide_interruption(t);
}

/* Ids come again, of threads that were born and have ended since the first were called. */
static struct agent_thread *agent_stop_find(int tid)
{
	unsigned int i;

	for (i = 1; i < cr_agent.nthreads; i++)
		if (cr_agent.threads[i].tid == tid && !cr_agent.threads[i].gone)
			return &cr_agent.threads[i];
	return NULL;
}

/* Until the generation after this one. */
static void wait_parked(struct agent_thread *t, ucontext_t *uc, unsigned int generation)
{
	t->uc = uc;
	t->wait = &cr_wait;
	t->section = agent_in_section();
	agent_take_record(t);
	agent_take_pending();
	atomic_store(&t->parked, 1);
	atomic_fetch_add(&cr_agent.parked, 1);
	agent_futex_wake(&cr_agent.parked);
	while (atomic_load(&cr_agent.generation) == generation)
		agent_futex_wait(&cr_agent.generation, generation, 0);
}

void agent_enter_table(void)
{
	atomic_fetch_add(&cr_agent.inside, 1);
}

void agent_leave_table(void)
{
	atomic_fetch_sub(&cr_agent.inside, 1);
	agent_futex_wake(&cr_agent.inside);
}

/*
 * A thread other than the leading one: be noted, wait, go on. The generation is read before the
 * table, which is emptied before a generation ends: so what is found is of that generation.
 */
void agent_park(ucontext_t *uc)
{
	struct agent_thread *t, own;
	unsigned int generation;
	bool called;

	agent_enter_table();
	generation = atomic_load(&cr_agent.generation);
	t = agent_stop_find(cr_sys0(SYS_gettid));
	/* Else called by nobody that is still waiting for us. */
	called = t && !atomic_load(&t->parked);
	if (called) {
		wait_parked(t, uc, generation);
		own = *t;
	}
	agent_leave_table();
	if (called)
		agent_settle(&own);
	else
		agent_pass_over(uc);
}

static bool agent_stop_known(int tid)
{
	unsigned int i;

	/* Those that do our own work for a moment. */
	if (agent_is_apart(tid))
		return true;
	for (i = 0; i < cr_agent.nthreads; i++)
		if (cr_agent.threads[i].tid == tid && !cr_agent.threads[i].gone)
			return true;
	return false;
}

static int bad_stack; /* thread that cannot be called */
static bool queue_full; /* as many signals wait as the user may have: later, when some are taken */

static bool call_thread(int tid)
{
	struct agent_thread *t = &cr_agent.threads[cr_agent.nthreads];
	long ret;

	if (cr_agent.nthreads == AGENT_THREADS)
		return false;
	memset(t, 0, sizeof(*t));
	t->tid = tid;
	agent_stop_read_record(t);
	if (agent_stack_is_bad(tid)) {
		bad_stack = tid;
		return false;
	}
	/* Visible to the thread before it is called. */
	atomic_thread_fence(memory_order_seq_cst);
	cr_agent.nthreads++;
	ret = cr_sys3(SYS_tgkill, cr_agent.pid, tid, cr_agent.config.signal);
	if (ret == -EAGAIN) {
		cr_agent.nthreads--;
		queue_full = true;
	} else if (ret) {
		t->gone = true;
	}
	return true;
}

/* Calls every thread not yet called; how many that were, or -errno. */
static int call_threads(void)
{
	long dir = cr_open_proc(cr_agent.proc - 1, "/proc/self/task", O_RDONLY | O_DIRECTORY);
	struct cr_numbers threads = { dir, cr_agent.text, sizeof(cr_agent.text), 0, 0 };
	int fresh = 0, tid;

	if (dir < 0)
		return dir;
	while (fresh >= 0 && (tid = cr_numbers_next(&threads)) >= 0)
		if (!agent_stop_known(tid))
			fresh = call_thread(tid) ? fresh + 1 : -E2BIG;
	cr_sys1(SYS_close, dir);
	return fresh;
}

/*
 * Tells the shepherd of a thread that keeps us waiting: one that has blocked our signal behind
 * libc's back can be unblocked from outside; of another it will want to know the name.
 */
static void tell_late(struct agent_thread *t, int64_t waited_ns)
{
	bool blocked;

	/* It may be one whose id is not known yet, or wait for one: neither takes long. */
	if (t->told || (agent_others_apart() && waited_ns < 1000000000))
		return;
	blocked = agent_status_mask(t->tid, "SigBlk:\t") & agent_signal_bit();
	if (!blocked && waited_ns < 100000000)
		return;
	if (agent_call_shepherd())
		return;
	t->told = true;
	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_late_tag;
	cr_agent.out.body.late.tid = t->tid;
	cr_agent.out.body.late.blocked = blocked;
	agent_send(NULL, 0);
}

/* The shepherd has given up (then it says Go before its time), or is gone. */
static bool left_alone(void)
{
	char c;

	if (agent_call_shepherd())
		return true;
	return cr_sys6(SYS_recvfrom, cr_agent.sock, &c, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) !=
	       -EAGAIN;
}

/* A called thread that has not come: has it ended, or is it the main thread's remains? */
static void agent_stop_look_for(struct agent_thread *t, int64_t waited_ns)
{
	char path[64], buf[512];
	const char *p;

	if (agent_is_apart(t->tid)) {
		t->gone = true;
		return;
	}
	cr_task_path(path, t->tid, "stat");
	if (cr_read_text(cr_agent.proc - 1, path, buf, sizeof(buf)) <= 0) {
		/* Else it is a file that cannot be had just now. */
		t->gone = cr_sys3(SYS_tgkill, cr_agent.pid, t->tid, 0) == -ESRCH;
		return;
	}
	p = strrchr(buf, ')');
	if (!p || p[1] != ' ' || (p[2] != 'Z' && p[2] != 'X')) {
		tell_late(t, waited_ns);
		return;
	}
	if (t->tid == cr_agent.pid)
		t->dead = true;
	else
		t->gone = true;
}

/* The first thread that is still awaited, or NULL. */
static struct agent_thread *missing(bool look, int64_t waited_ns)
{
	unsigned int i;

	for (i = 1; i < cr_agent.nthreads; i++) {
		struct agent_thread *t = &cr_agent.threads[i];

		if (!t->gone && !t->dead && !atomic_load(&t->parked) && look)
			agent_stop_look_for(t, waited_ns);
		if (!t->gone && !t->dead && !atomic_load(&t->parked))
			return t;
	}
	return NULL;
}

int agent_stop_threads(cairn_Failure *failure)
{
	int64_t start = agent_now_ns();
	int fresh, tries;

	bad_stack = 0;
	/* New threads are born by threads not stopped yet: look until none is new. */
	for (;;) {
		queue_full = false;
		fresh = call_threads();
		if (fresh < 0) {
			failure->what = bad_stack	? cairn_StopFailure_STOP_STACK :
					fresh == -E2BIG ? cairn_StopFailure_STOP_TOO_MANY_THREADS :
							  cairn_StopFailure_STOP_PROC;
			failure->tid = bad_stack;
			failure->error = -fresh;
			return fresh;
		}
		if (!fresh && !missing(false, 0))
			return 0;
		/* The shepherd hears of us in time, however long this takes. */
		if ((queue_full || agent_now_ns() - start > 50000000) && left_alone())
			return -EPIPE;
		if (queue_full)
			agent_futex_wait(&cr_agent.parked, atomic_load(&cr_agent.parked), 1000000);
		for (tries = 0; missing(tries > 2, agent_now_ns() - start); tries++) {
			unsigned int parked = atomic_load(&cr_agent.parked);

			/* It is called only when there is reason to. */
			if (tries > 2 && left_alone())
				return -EPIPE;
			if (missing(false, 0))
				agent_futex_wait(&cr_agent.parked, parked, 1000000);
		}
	}
}

void agent_resume_threads(void)
{
	/* Whoever was called and has not come yet is awaited no more. */
	cr_agent.nthreads = 0;
	atomic_store(&cr_agent.state, AGENT_IDLE);
	atomic_fetch_add(&cr_agent.generation, 1);
	agent_futex_wake(&cr_agent.generation);
}
