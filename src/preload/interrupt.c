// SPDX-License-Identifier: Apache-2.0
//
// System calls that the agent's signal has ended: as if nothing had been. One that ended with EINTR
// is made again, for the rest of its time; one that was cut short goes on; and if a signal of the
// application's own has come meanwhile, it gets the end that this would have made of it.
// Runs in: the agent's handler, in each thread. What cannot be told for sure is left as it is.
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "arch/x86_64/decode.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/partial.h"
#include "preload/interrupt.h"
#include "preload/readable.h"
#include "preload/state.h"

#define CALL_BYTES 0x7ffff000ul /* the most that the kernel moves in one call */

/* ---- which call ---- */

static bool readable_word(const void *at)
{
	return agent_readable(at, 8);
}

/* Whether the frame stands behind the recorded call. */
static bool at_call(const struct agent_thread *t)
{
	const greg_t *g = t->uc->uc_mcontext.gregs;
	uint64_t args[4] = { g[REG_RDI], g[REG_RSI], g[REG_RDX], g[REG_R10] };

	return t->nr >= 0 && cr_call_key(g[REG_RIP], g[REG_RSP], args) == t->key;
}

/*
 * Whether the frame stands before a call that has begun already: only a call leaves its return
 * address in rcx. The kernel has put it there, or we have, for a checkpoint that is just over.
 */
static bool before_call(const struct agent_thread *t)
{
	const greg_t *g = t->uc->uc_mcontext.gregs;

	return (g[REG_RCX] == g[REG_RIP] + 2 || cr_partial_before(t->uc)) &&
	       agent_readable((void *)g[REG_RIP], 2) && cr_frame_before_call(t->uc, g[REG_RAX]);
}

/* The call that the frame stands behind; -1: none that is known. */
static long call_behind(const struct agent_thread *t)
{
	const greg_t *g = t->uc->uc_mcontext.gregs;
	const struct cr_partial_note *note = cr_partial_behind(t->uc);

	if (note)
		return note->nr;
	/* Our syscall() keeps it below the stack pointer. */
	if (g[REG_RIP] == (greg_t)cr_agent.syscall_site)
		return *(const long *)(g[REG_RSP] - 8);
	if (at_call(t))
		return t->nr;
	/* The record may be of an earlier call: then the code tells. */
	return cr_decode_call(g[REG_RIP], readable_word);
}

/* ---- made again ---- */

/* The argument that is a relative timeout. */
static const struct {
	short nr;
	unsigned char arg;
	bool ms;
} timed[] = {
	{ SYS_poll, 2, true },
	{ SYS_epoll_wait, 3, true },
	{ SYS_epoll_pwait, 3, true },
	{ SYS_epoll_pwait2, 3, false },
	{ SYS_semtimedop, 3, false },
	{ SYS_nanosleep, 0, false },
	{ SYS_clock_nanosleep, 2, false },
	{ SYS_rt_sigtimedwait, 2, false },
	{ SYS_io_getevents, 4, false },
	{ SYS_io_pgetevents, 4, false },
	{ SYS_futex, 3, false },
};

static int row_of(long nr)
{
	unsigned int i;

	for (i = 0; i < CR_ARRAY_SIZE(timed); i++)
		if (timed[i].nr == nr)
			return i;
	return -1;
}

bool agent_timeout(long nr, const long args[6], struct timespec *out)
{
	int row = row_of(nr);
	long value;

	if (row < 0)
		return false;
	value = args[timed[row].arg];
	if (timed[row].ms) {
		*out = (struct timespec){ (int)value / 1000, (int)value % 1000 * 1000000l };
		return (int)value > 0;
	}
	if ((nr == SYS_futex && (args[1] & FUTEX_CMD_MASK) != FUTEX_WAIT) ||
	    (nr == SYS_clock_nanosleep &&
	     (args[1] & TIMER_ABSTIME || (args[0] != CLOCK_MONOTONIC && args[0] != CLOCK_REALTIME &&
					  args[0] != CLOCK_BOOTTIME))) ||
	    !value || !agent_readable((const void *)value, sizeof(*out)))
		return false;
	*out = *(const struct timespec *)value;
	/* Beyond what fits a deadline it is as good as none. */
	return (out->tv_sec || out->tv_nsec) && out->tv_sec >= 0 && out->tv_sec < 1000000000 &&
	       out->tv_nsec >= 0 && out->tv_nsec < 1000000000;
}

/* A call that nobody has taken the time of: from now on. Of sleeps the kernel says what remains. */
static void begin_deadline(struct agent_thread *t)
{
	greg_t *g = t->uc->uc_mcontext.gregs;
	struct cr_partial_note *note;
	struct timespec left;
	long args[6], rest;
	int i;

	if (t->wait->nr == t->nr || cr_partial_behind(t->uc))
		return;
	for (i = 0; i < 6; i++)
		args[i] = g[cr_frame_arg[i]];
	rest = t->nr == SYS_nanosleep	     ? args[1] :
	       t->nr == SYS_clock_nanosleep ? args[3] :
					      0;
	if (rest && !(t->nr == SYS_clock_nanosleep && args[1] & TIMER_ABSTIME))
		args[t->nr == SYS_nanosleep ? 0 : 2] = rest;
	if (agent_timeout(t->nr, args, &left)) {
		note = cr_partial_enter(t->uc, t->nr);
		note->deadline_ns = agent_now_ns() + left.tv_sec * 1000000000ll + left.tv_nsec;
		g[REG_RIP] += 2;
	} else if (rest) {
		g[cr_frame_arg[t->nr == SYS_nanosleep ? 0 : 2]] =
			args[t->nr == SYS_nanosleep ? 0 : 2];
	}
}

static void wait_for_rest(struct agent_thread *t)
{
	struct cr_partial_note *note = cr_partial_before(t->uc);
	bool own = t->wait->nr == t->nr;
	struct timespec *to = own || !note ? &t->wait->rest : &note->rest;
	int64_t deadline = own ? t->wait->deadline_ns : note ? note->deadline_ns : 0;
	int64_t rest = deadline - agent_now_ns();
	int row = row_of(t->nr);

	if (row < 0 || !deadline)
		return;
	if (rest < 0)
		rest = 0;
	*to = (struct timespec){ rest / 1000000000, rest % 1000000000 };
	t->uc->uc_mcontext.gregs[cr_frame_arg[timed[row].arg]] =
		timed[row].ms ? (rest + 999999) / 1000000 : (greg_t)to;
}

/* ---- cut short ---- */

/* Devices that give as much as is asked for, unless a signal comes. */
static bool is_endless(int fd)
{
	struct stat st;

	return !cr_sys1(SYS_prctl, PR_GET_SECCOMP) && !cr_sys2(SYS_fstat, fd, &st) &&
	       S_ISCHR(st.st_mode) && major(st.st_rdev) == 1 && minor(st.st_rdev) >= 5 &&
	       minor(st.st_rdev) <= 9;
}

/* Calls with one length; the registers of what is moved on and of what is left. */
static const struct {
	short nr, from, left;
} lengths[] = {
	{ SYS_write, REG_RSI, REG_RDX },
	{ SYS_read, REG_RSI, REG_RDX },
	{ SYS_sendto, REG_RSI, REG_RDX },
	{ SYS_recvfrom, REG_RSI, REG_RDX },
	{ SYS_getrandom, REG_RDI, REG_RSI },
	{ SYS_sendfile, -1, REG_R10 },
	{ SYS_copy_file_range, -1, REG_R8 },
};

static bool go_on_simple(struct agent_thread *t, long nr, uint64_t n)
{
	greg_t *g = t->uc->uc_mcontext.gregs;
	struct cr_partial_note *note;
	uint64_t whole;
	unsigned int i;

	for (i = 0; i < CR_ARRAY_SIZE(lengths) && lengths[i].nr != nr; i++)
		;
	if (i == CR_ARRAY_SIZE(lengths))
		return false;
	whole = g[lengths[i].left];
	if (whole > CALL_BYTES)
		whole = CALL_BYTES;
	if (n >= whole || (nr == SYS_recvfrom && !(g[REG_R10] & MSG_WAITALL)) ||
	    (nr == SYS_read && !is_endless(g[REG_RDI])))
		return false;
	note = cr_partial_enter(t->uc, nr);
	note->done += n;
	if (lengths[i].from >= 0)
		g[lengths[i].from] += n;
	g[lengths[i].left] = whole - n;
	return true;
}

/* Calls with several buffers go on with one after the other. */
static bool go_on_vector(struct agent_thread *t, long nr, uint64_t n)
{
	greg_t *g = t->uc->uc_mcontext.gregs;
	bool message = nr == SYS_sendmsg || nr == SYS_recvmsg;
	const struct msghdr *m = message ? (void *)g[REG_RSI] : NULL;
	const struct iovec *v = m ? m->msg_iov : (void *)g[REG_RSI];
	uint64_t left = m ? m->msg_iovlen : (uint64_t)g[REG_RDX], i, whole = 0, at = n;
	struct cr_partial_note *note;
	greg_t flags = g[REG_RDX];

	if (left > UIO_MAXIOV || (nr == SYS_recvmsg && !(flags & MSG_WAITALL)))
		return false;
	for (i = 0; i < left; i++)
		whole += v[i].iov_len;
	if (n >= whole || whole > CALL_BYTES)
		return false;
	for (; at >= v->iov_len; v++, left--)
		at -= v->iov_len;
	note = cr_partial_enter(t->uc, !message ? SYS_write :
				       nr == SYS_sendmsg ? SYS_sendto :
							   SYS_recvfrom);
	note->done = n;
	note->vector = (uint64_t)(v + 1);
	note->left = left - 1;
	g[REG_RSI] = (greg_t)v->iov_base + at;
	g[REG_RDX] = v->iov_len - at;
	if (message) {
		g[REG_R10] = flags;
		g[REG_R8] = g[REG_R9] = 0;
	}
	return true;
}

/* A call that has moved n of what it was asked to: true if it goes on with the rest. */
static bool interrupt_go_on(struct agent_thread *t, long nr, uint64_t n)
{
	const greg_t *g = t->uc->uc_mcontext.gregs;

	switch (nr) {
	case SYS_pwritev2:
		/* At an offset it is a file's, and never cut short. */
		if (g[REG_R10] != -1)
			return false;
		return go_on_vector(t, nr, n);
	case SYS_writev:
	case SYS_sendmsg:
	case SYS_recvmsg:
		return go_on_vector(t, nr, n);
	default:
		return go_on_simple(t, nr, n);
	}
}

void agent_hide_interruption(struct agent_thread *t)
{
	greg_t *g = t->uc->uc_mcontext.gregs;
	int64_t result = cr_frame_result(t->uc);
	/* Only a call leaves its return address in rcx: the record may be of an earlier one. */
	bool known = at_call(t) || cr_partial_behind(t->uc) ||
		     g[REG_RIP] == (greg_t)cr_agent.syscall_site || g[REG_RCX] == g[REG_RIP];
	long nr;

	if (result == -EINTR) {
		nr = call_behind(t);
		if (nr < 0)
			return;
		t->nr = nr;
		begin_deadline(t);
		cr_frame_rewind(t->uc, nr);
		t->wait->again_pc = g[REG_RIP];
		t->wait->again_sp = g[REG_RSP];
		t->rewound = true;
		cr_agent.eintr_hidden++;
	} else if (result > 0 && known && interrupt_go_on(t, call_behind(t), result)) {
		t->nr = g[REG_RAX];
		t->partial = true;
		cr_agent.eintr_hidden++;
	} else if (before_call(t)) {
		t->nr = g[REG_RAX];
		t->rewound = t->wait->again_pc == (uint64_t)g[REG_RIP] &&
			     t->wait->again_sp == (uint64_t)g[REG_RSP];
		t->restartable = !t->rewound;
	}
}

/* ---- on the way back ---- */

static bool handled(int sig, bool *restart)
{
	struct {
		uint64_t handler, flags, restorer, mask;
	} action;

	if (cr_sys4(SYS_rt_sigaction, sig, NULL, &action, 8) || action.handler <= 1)
		return false;
	*restart = action.flags & SA_RESTART;
	return true;
}

/* The end that a signal makes of the call which the thread is to make; false if it makes none. */
static bool interrupt(struct agent_thread *t, bool restart)
{
	const struct cr_partial_note *note = cr_partial_before(t->uc);

	if (!cr_frame_before_call(t->uc, t->nr))
		return false;
	/* What has been done is told, whatever the handler wants. */
	if (note && note->done)
		cr_partial_leave(t->uc, note->done);
	else if (t->rewound || !restart)
		cr_frame_interrupt(t->uc);
	else
		return false;
	return true;
}

/*
 * The last thing that a thread does before it goes on: the rest of its timeout, and, if one of the
 * application's own signals has come meanwhile, the end that it would have had from that. One that
 * comes after the look at them counts as having come before the call.
 */
void agent_settle(struct agent_thread *t)
{
	uint64_t pending = 0, mask;
	int sig;

	memcpy(&mask, &t->uc->uc_sigmask, sizeof(mask));
	if (t->asked) {
		mask |= agent_signal_bit();
		memcpy(&t->uc->uc_sigmask, &mask, sizeof(mask));
		t->asked = false;
	}
	if (!t->rewound && !t->restartable && !t->partial)
		return;
	if (t->rewound)
		wait_for_rest(t);
	cr_sys2(SYS_rt_sigpending, &pending, sizeof(pending));
	pending &= ~mask & ~agent_signal_bit();
	for (sig = 1; pending && sig <= 64; sig++) {
		bool restart;

		if (pending >> (sig - 1) & 1 && handled(sig, &restart) && interrupt(t, restart))
			break;
	}
	t->rewound = t->restartable = t->partial = false;
}

void agent_pass_over(ucontext_t *uc)
{
	struct agent_thread own = { .nr = -1, .uc = uc, .wait = &cr_wait };

	agent_hide_interruption(&own);
	agent_settle(&own);
}
