// SPDX-License-Identifier: Apache-2.0
//
// The agent's entry points: the constructor, and the handler of the signal that wakes it.
// Runs in: every process of the job. Invariants: at rest no thread, no fd, no lock; while threads
// are stopped only raw system calls, nanopb and memcpy. On any failure everyone goes on.
//
// May be called here and in the files that this one leads to: raw system calls, mem* and str* as
// string.c has them, nanopb, XXH3, LZ4 with its own state. Not: malloc, stdio, errno, pthread,
// dlsym.
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "arch/x86_64/call.h"
#include "arch/x86_64/frame.h"
#include "preload/agent.h"
#include "preload/apart.h"
#include "preload/api.h"
#include "preload/agent_describe.h"
#include "preload/agent_environment.h"
#include "preload/agent_ids.h"
#include "preload/interrupt.h"
#include "preload/line.h"
#include "preload/locks.h"
#include "preload/agent_pending.h"
#include "preload/state.h"
#include "preload/agent_stop.h"
#include "preload/agent_text.h"
#include "preload/agent_undo.h"
#include "preload/watched.h"
#include "preload/wrap_io_uring.h"
#include "preload/wrap_mqueue.h"
#include "preload/wrap_signals.h"
#include "preload/wrappers.h"
#include "preload/writer.h"

#define CR_SA_RESTORER 0x04000000
#define ARCH_GET_XCOMP_SUPP 0x1021
#define AMX_TILES 8192
#define FXSAVE 512
#define FRAME_REST 944 /* besides what XSAVE writes */

static void agent_hang_up(void)
{
	if (cr_agent.proc)
		cr_sys1(SYS_close, cr_agent.proc - 1);
	cr_agent.proc = 0;
	if (cr_agent.sock >= 0)
		cr_sys1(SYS_close, cr_agent.sock);
	cr_agent.sock = -1;
}

static void agent_fail(const cairn_Failure *failure)
{
	if (agent_call_shepherd())
		return;
	cr_agent.out.which_body = cairn_AgentMsg_failure_tag;
	cr_agent.out.body.failure = *failure;
	agent_send(NULL, 0);
}

static int agent_receive(void)
{
	return cr_wire_recv(cr_agent.sock, &cr_agent.wire, cairn_ShepherdMsg_fields, &cr_agent.in,
			    NULL, NULL, 0);
}

/* When there is something to know before the fork. */
static int agent_ask(void)
{
	const cairn_Begin *b = &cr_agent.in.body.begin;
	unsigned int i;

	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_hello_tag;
	if (agent_send(NULL, 0))
		return -EPROTO;
	do {
		if (agent_receive() != 1 || cr_agent.in.which_body != cairn_ShepherdMsg_begin_tag)
			return -EPROTO;
		for (i = 0; i < b->keep_count && cr_agent.nkeep < AGENT_KEEP; i++)
			cr_agent.keep[cr_agent.nkeep++] = b->keep[i];
	} while (b->more);
	cr_agent.threads[0].asked = b->blocked;
	return 0;
}

/* In another root directory there may be no /proc: the shepherd lends us its own. */
static int take_proc(void)
{
	int fds[CR_WIRE_FDS], nfds = 0, ret;
	struct rlimit own;
	bool wide;

	if (!(cr_agent.wake.flags & CR_WAKE_PROC) || cr_agent.proc)
		return 0;
	ret = agent_call_shepherd();
	if (ret)
		return ret;
	wide = cr_widen(&own);
	ret = cr_wire_recv(cr_agent.sock, &cr_agent.wire, cairn_ShepherdMsg_fields, &cr_agent.in,
			   fds, &nfds, 0);
	if (wide)
		cr_limit_files(&own);
	if (ret != 1 || nfds != 1)
		return -EPROTO;
	cr_agent.proc = fds[0] + 1;
	return 0;
}

/* Whoever has disabled checkpoints calls again when that is over; and so does the shepherd. */
static int look_for_sections(void)
{
	unsigned int i;

	for (i = 0; i < cr_agent.nthreads; i++) {
		struct agent_thread *t = &cr_agent.threads[i];

		if (!t->section || t->gone)
			continue;
		atomic_store(&cr_agent.section, t->tid);
		agent_fail(
			&(cairn_Failure){ .what = cairn_StopFailure_STOP_SECTION, .tid = t->tid });
		return -EAGAIN;
	}
	atomic_store(&cr_agent.section, 0);
	return 0;
}

/* Until all other threads stand still. */
static void stop_others(void *result)
{
	cairn_Failure failure = cairn_Failure_init_zero;
	int *ret = result;

	*ret = take_proc();
	if (!*ret)
		*ret = look_for_sections();
	if (*ret)
		return;
	*ret = agent_stop_threads(&failure);
	if (*ret)
		agent_fail(&failure);
	else
		*ret = look_for_sections();
}

/* While others run, nothing here may take a descriptor's number from them. */
static int stop_threads(void)
{
	int ret = -EAGAIN;

	if (cr_agent.wake.flags & CR_WAKE_STILL ||
	    !agent_apart(stop_others, &ret, cr_agent.helper_stack + AGENT_STACK)) {
		stop_others(&ret);
		return ret;
	}
	/* Its end was that of its descriptors. */
	cr_agent.sock = -1;
	cr_agent.proc = 0;
	return ret;
}

static int agent_stop_all(void)
{
	struct agent_thread *self = &cr_agent.threads[0];

	cr_agent.nkeep = 0;
	cr_agent.began_ns = agent_now_ns();
	self->nr = cr_agent.wake.nr;
	self->key = cr_agent.wake.key;
	agent_take_record(self);
	if (agent_alone() && !(cr_agent.wake.flags & CR_WAKE_APART))
		return look_for_sections();
	return stop_threads();
}

static int agent_tell(void)
{
	int ret, sock;

	if ((ret = agent_call_shepherd()) || (ret = take_proc()))
		return ret;
	/* Only now does nobody change the memory any more that is asked about. */
	if (cr_agent.wake.flags & CR_WAKE_ASK && (ret = agent_ask()))
		return ret;
	if (agent_pending_full()) {
		agent_fail(&(cairn_Failure){ .what = cairn_StopFailure_STOP_SIGNALS });
		return -E2BIG;
	}
	if ((ret = agent_describe()) || (ret = agent_send_mqueues()) ||
	    (ret = agent_send_watched()))
		return ret;
	ret = agent_send_descriptors();
	if (ret) {
		agent_fail(&(cairn_Failure){ .what = cairn_StopFailure_STOP_DESCRIPTOR,
					     .error = -ret });
		return ret;
	}
	ret = agent_fork_writer(&sock);
	if (ret) {
		agent_fail(&(cairn_Failure){ .what = cairn_StopFailure_STOP_FORK, .error = -ret });
		return ret;
	}
	cr_agent.out.which_body = cairn_AgentMsg_stopped_tag;
	cr_agent.out.body.stopped = (cairn_Stopped){ .version = CR_AGENT_VERSION,
						     .threads = cr_agent.nthreads,
						     .stop_ns = agent_now_ns() -
								cr_agent.began_ns,
						     .eintr_hidden = cr_agent.eintr_hidden,
						     .writer_pid = cr_agent.writer_pid };
	ret = agent_send(&sock, 1);
	cr_sys1(SYS_close, sock);
	return ret;
}

/* Whether a wait would tell of this child's stop: the kernel tells it to its parent alone. */
static bool has_unseen_stop(int child)
{
	siginfo_t info = { .si_pid = 0 };

	return child &&
	       !cr_sys5(SYS_waitid, P_PID, child, &info, WSTOPPED | WNOHANG | WNOWAIT, NULL) &&
	       info.si_pid == child;
}

static int answer_probe(void)
{
	int child = cr_agent.in.body.probe.child, ret = agent_probe_undo();

	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_probed_tag;
	cr_agent.out.body.probed.unseen = has_unseen_stop(child);
	return ret ? ret : agent_send(NULL, 0);
}

/* What the shepherd wants to know while everyone stands still. */
static bool agent_answer(void)
{
	switch (cr_agent.in.which_body) {
	case cairn_ShepherdMsg_probe_tag:
		return !answer_probe();
	case cairn_ShepherdMsg_ask_pending_tag:
		return !agent_tell_pending();
	default:
		return false;
	}
}

/* Then until the shepherd says Go, or is gone. */
static void tell_and_wait(void *unused)
{
	if (!agent_tell())
		while (agent_receive() == 1 && agent_answer())
			continue;
}

/* Where all numbers are taken, or another process could want one of ours, this is done apart. */
static void agent_save(void)
{
	bool apart = cr_agent.wake.flags & CR_WAKE_APART || agent_call_shepherd() == -EMFILE;

	cr_agent.waiting = agent_waiting();
	if (apart || cr_agent.threads[0].tid != cr_agent.pid)
		agent_take_pending();
	cr_agent.apart = apart && !(cr_agent.wake.flags & CR_WAKE_STILL);
	if (cr_agent.apart &&
	    agent_apart(tell_and_wait, NULL, cr_agent.stack + AGENT_STACK / 2)) {
		cr_agent.sock = -1;
		cr_agent.proc = 0;
		return;
	}
	cr_agent.apart = false;
	tell_and_wait(NULL);
}

static void checkpoint(void *unused)
{
	/* What /proc shows of a process that is not dumpable is root's alone. */
	/* Orphans of the checkpoint's own making are the shepherd's: no wait() shall find them. */
	cr_sys2(SYS_prctl, PR_GET_CHILD_SUBREAPER, &cr_agent.subreaper);
	if (cr_agent.subreaper)
		cr_sys2(SYS_prctl, PR_SET_CHILD_SUBREAPER, 0);
	cr_agent.dumpable = cr_sys1(SYS_prctl, PR_GET_DUMPABLE);
	if (!cr_agent.dumpable)
		cr_sys2(SYS_prctl, PR_SET_DUMPABLE, 1);
	if (!agent_stop_all())
		agent_save();
	if (!cr_agent.dumpable)
		cr_sys2(SYS_prctl, PR_SET_DUMPABLE, 0);
	if (cr_agent.subreaper)
		cr_sys2(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
}

/* Forgets what a parent was doing when it forked this process. */
static void adopt_state(void)
{
	int pid = cr_sys0(SYS_getpid);

	if (cr_agent.pid == pid)
		return;
	cr_agent.pid = pid;
	agent_api_forget(pid);
	agent_apart_forget(pid);
	atomic_store(&cr_agent.section, 0);
	atomic_store(&cr_agent.inside, 0);
	atomic_store(&cr_agent.state, AGENT_IDLE);
}

void agent_lead(ucontext_t *uc, const struct cr_wake *wake)
{
	struct agent_thread self;
	unsigned int inside;
	int idle = AGENT_IDLE;

	adopt_state();
	if (!atomic_compare_exchange_strong(&cr_agent.state, &idle, AGENT_STOPPING)) {
		agent_pass_over(uc);
		return;
	}
	/* Threads that are still on their way out of the last one use the table. */
	while ((inside = atomic_load(&cr_agent.inside)))
		agent_futex_wait(&cr_agent.inside, inside, 1000000);
	cr_agent.nthreads = 1;
	cr_agent.eintr_hidden = 0;
	for (unsigned int i = 0; i < AGENT_PENDING && cr_agent.pending[i].info.si_signo; i++)
		memset(&cr_agent.pending[i], 0xff, sizeof(cr_agent.pending[i]));
	atomic_store(&cr_agent.npending, 0);
	atomic_store(&cr_agent.parked, 0);
	atomic_store(&cr_agent.resumed, 0);
	atomic_store(&cr_agent.left, 0);
	memset(&cr_agent.threads[0], 0, sizeof(cr_agent.threads[0]));
	cr_agent.threads[0].tid = cr_sys0(SYS_gettid);
	cr_agent.threads[0].nr = -1;
	cr_agent.threads[0].section = agent_in_section();
	cr_agent.wake = *wake;
	cr_agent.threads[0].uc = uc;
	cr_agent.threads[0].wait = &cr_wait;
	cr_agent.sock = -1;
	cr_agent.proc = 0;
	/* Whatever stack the application gave us may be small. */
	cr_call_on_stack(cr_agent.stack + AGENT_STACK, checkpoint, NULL);
	agent_hang_up();
	self = cr_agent.threads[0];
	agent_resume_threads();
	agent_settle(&self);
}

static void handler(int sig, siginfo_t *info, void *uc)
{
	int pid = cr_sys0(SYS_getpid);
	struct cr_wake wake;

	if (cr_wake_get(info, &wake))
		agent_lead(uc, &wake);
	else if (info->si_code == SI_TKILL && info->si_pid == pid && cr_agent.pid == pid &&
		 atomic_load(&cr_agent.state) == AGENT_STOPPING)
		agent_park(uc);
	else if (info->si_code == SI_TKILL && info->si_pid == pid && agent_section_over())
		agent_lead(uc, &(struct cr_wake){ CR_WAKE_MAGIC, cr_agent.wake.flags, -1, 0 });
	else if (!agent_application_signal(sig, info, uc))
		agent_pass_over(uc);
}

/* What libc's own call would install, without whatever else is called sigaction here. */
static void __attribute__((naked)) cr_restorer(void)
{
	__asm__("mov %0, %%eax\n\t"
		"syscall" ::"i"(SYS_rt_sigreturn));
}

/*
 * Of a signal, as the kernel tells since Linux 5.14, which counts in AMX tiles that the CPU has;
 * for whoever may use these it sees to it that stacks have the room. Before, there are no tiles.
 */
static unsigned long largest_frame(void)
{
	unsigned long size = CR_REAL(getauxval)(AT_MINSIGSTKSZ);
	uint32_t a, b = 0, c, d;
	uint64_t features = 0;

	if (!size)
		return FRAME_REST +
		       (__get_cpuid_count(13, 0, &a, &b, &c, &d) && b > FXSAVE ? b : FXSAVE);
	cr_sys2(SYS_arch_prctl, ARCH_GET_XCOMP_SUPP, &features);
	if (features >> CR_XFEATURE_AMX_TILE & 1 && size > AMX_TILES)
		size -= AMX_TILES;
	return size;
}

static void install_handler(void)
{
	struct {
		uint64_t handler, flags, restorer, mask;
	} action = { (uint64_t)handler, SA_SIGINFO | SA_RESTART | SA_ONSTACK | CR_SA_RESTORER,
		     (uint64_t)cr_restorer, ~0ull };

	cr_sys4(SYS_rt_sigaction, cr_agent.config.signal, &action, NULL, 8);
}

/*
 * Whether it is not the CPU that runs this library: who translates instructions (valgrind and its
 * like) makes our system calls from elsewhere, as the kernel sees it, and takes our signals.
 */
static bool is_emulated(void)
{
	long fd = cr_open_proc(-1, "/proc/self/syscall", O_RDONLY), n;
	const char *p = cr_agent.text;
	uint64_t here, v = 0;
	int i;

	if (fd < 0)
		return false;
	n = cr_read_here(fd, cr_agent.text, 512, &here);
	cr_sys1(SYS_close, fd);
	if (n <= 0)
		return false;
	cr_agent.text[n] = 0;
	if (*p < '0' || *p > '9')
		return false;
	/* The number, six arguments, the stack pointer, and the program counter. */
	cr_get_number(&p, 10);
	for (i = 0; i < 8; i++) {
		while (*p == ' ')
			p++;
		if (p[0] == '0' && p[1] == 'x')
			p += 2;
		v = cr_get_number(&p, 16);
	}
	return v && v != here;
}

static void __attribute__((constructor(101))) agent_start(void)
{
	const char *socket = agent_variable(CR_ENV_SOCKET);
	const char *number = agent_variable(CR_ENV_SIGNAL);
	uint64_t set;

	cr_wrappers_resolve();
	if (!socket || strlen(socket) >= CR_SOCKET_NAME_MAX)
		return;
	cr_agent.config.version = CR_AGENT_VERSION;
	cr_agent.config.signal = number ? cr_get_number(&number, 10) : CR_DEFAULT_SIGNAL;
	/* libc keeps the first two for itself. */
	if (cr_agent.config.signal < CR_SIGNAL_MIN || cr_agent.config.signal > CR_SIGNAL_MAX)
		cr_agent.config.signal = CR_DEFAULT_SIGNAL;
	strcpy(cr_agent.config.socket, socket);
	agent_ids_load(socket);
	cr_agent_filters.emulated = is_emulated();
	agent_note_libraries();
	cr_agent_filters.frame = largest_frame() + CR_HANDLER_STACK;
	cr_agent.active = true;
	cr_agent.syscall_site = (uint64_t)agent_syscall_site;
	install_handler();
	/* Whoever executed this program blocked the signal until now. */
	set = agent_signal_bit();
	cr_sys4(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, sizeof(set));
}
