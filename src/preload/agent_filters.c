// SPDX-License-Identifier: Apache-2.0
//
// Seccomp filters: the kernel shows an installed one to nobody but root, so each is remembered, and
// every restored thread installs them again with its last step. A filter may also forbid what a
// checkpoint needs: that is found out when it is installed, so that the shepherd can refuse instead
// of having the process killed. It reads cr_agent_filters from outside.
// Runs in: wrappers in the application's threads; agent_install_filters() in restored threads. What
// finds no room is counted by the kernel only, which the shepherd notices.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "preload/agent_filters.h"
#include "preload/readable.h"
#include "preload/state.h"
#include "preload/wrappers.h"

#define FILTERS 32
#define INSTRUCTIONS 8192
#define STEPS 4096 /* a filter has no loops and at most so many instructions */
#define AUDIT_ARCH 0xc000003e /* x86-64 */

static struct sock_filter code[INSTRUCTIONS];
static unsigned int used;
static struct {
	unsigned int at, len, flags;
} filters[FILTERS];
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* What a checkpoint and a restart do in the process; and what may fail there, but not kill. */
static const short needed[] = {
	SYS_read,	  SYS_open,	     SYS_close,		  SYS_mmap,
	SYS_munmap,	  SYS_ioctl,	     SYS_pwritev,	  SYS_pread64,
	SYS_fcntl,	  SYS_getdents64,    SYS_close_range,	  SYS_socket,
	SYS_socketpair,	  SYS_connect,	     SYS_getsockopt,	  SYS_sendmsg,
	SYS_recvmsg,	  SYS_recvfrom,	     SYS_clone,		  SYS_wait4,
	SYS_exit,	  SYS_exit_group,    SYS_futex,		  SYS_tgkill,
	SYS_getpid,	  SYS_gettid,	     SYS_geteuid,	  SYS_prctl,
	SYS_arch_prctl,	  SYS_brk,	     SYS_clock_gettime,	  SYS_getitimer,
	SYS_rt_sigaction, SYS_rt_sigpending, SYS_rt_sigreturn,	  SYS_rt_sigprocmask,
	SYS_personality,  SYS_mincore,	     SYS_get_robust_list, SYS_rseq,
};
static const short tried[] = {
	SYS_madvise,	     SYS_membarrier,	  SYS_sched_getattr,
	SYS_setfsuid,	     SYS_nanosleep,	  SYS_rt_tgsigqueueinfo,
	SYS_rt_sigqueueinfo, SYS_rt_sigtimedwait, SYS_prlimit64,
	SYS_semctl,	     SYS_sync_file_range, SYS_pkey_mprotect,
};

/* ---- what a filter says ---- */

static uint32_t alu(unsigned int op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return b < 32 ? a << b : 0;
	case BPF_RSH:
		return b < 32 ? a >> b : 0;
	default:
		return -a;
	}
}

static bool jumps(unsigned int op, uint32_t a, uint32_t b)
{
	return op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : a & b;
}

/* The verdict on a call whose arguments are all zero. */
static uint32_t agent_filters_verdict(const struct sock_filter *f, unsigned int len, int nr)
{
	struct seccomp_data data = { .nr = nr, .arch = AUDIT_ARCH };
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 }, b;
	unsigned int pc, steps;

	for (pc = steps = 0; pc < len && steps < STEPS; pc++, steps++) {
		const struct sock_filter *i = &f[pc];

		b = BPF_SRC(i->code) == BPF_X ? x : i->k;
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			a = BPF_MODE(i->code) == BPF_ABS && i->k <= sizeof(data) - 4 ?
				    *(const uint32_t *)((const char *)&data + i->k) :
			    BPF_MODE(i->code) == BPF_MEM ? mem[i->k % BPF_MEMWORDS] :
			    BPF_MODE(i->code) == BPF_LEN ? sizeof(data) :
							   i->k;
			break;
		case BPF_LDX:
			x = BPF_MODE(i->code) == BPF_MEM ? mem[i->k % BPF_MEMWORDS] :
			    BPF_MODE(i->code) == BPF_LEN ? sizeof(data) :
							   i->k;
			break;
		case BPF_ST:
			mem[i->k % BPF_MEMWORDS] = a;
			break;
		case BPF_STX:
			mem[i->k % BPF_MEMWORDS] = x;
			break;
		case BPF_ALU:
			a = alu(BPF_OP(i->code), a, b);
			break;
		case BPF_JMP:
			pc += BPF_OP(i->code) == BPF_JA	   ? i->k :
			      jumps(BPF_OP(i->code), a, b) ? i->jt :
							     i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static bool passes(uint32_t v, bool may_fail)
{
	v &= SECCOMP_RET_ACTION_FULL;
	return v == SECCOMP_RET_ALLOW || v == SECCOMP_RET_LOG ||
	       (may_fail && v == SECCOMP_RET_ERRNO);
}

/* 1 + the number of the first call that a checkpoint needs and the filter forbids, or 0. */
static uint32_t forbids(const struct sock_filter *f, unsigned int len)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(needed); i++)
		if (!passes(agent_filters_verdict(f, len, needed[i]), false))
			return 1 + needed[i];
	for (i = 0; i < CR_ARRAY_SIZE(tried); i++)
		if (!passes(agent_filters_verdict(f, len, tried[i]), true))
			return 1 + tried[i];
	return 0;
}

/* ---- installing ---- */

long agent_filter_install(long nr, long op, long flags, const struct sock_fprog *prog)
{
	struct cr_filter_state *s = &cr_agent_filters;
	uint32_t before = s->forbidden, bad;
	unsigned int n = s->known;
	unsigned int len = prog && agent_readable(prog, sizeof(*prog)) ? prog->len : 0;
	bool room = len && n < FILTERS && used + len <= INSTRUCTIONS;
	int was = 0;
	long ret;

	if (!len || !agent_readable(prog->filter, len * sizeof(*prog->filter)))
		return nr == SYS_prctl ? cr_sys3(nr, PR_SET_SECCOMP, op, prog) :
					 cr_sys3(nr, op, flags, prog);
	while (atomic_flag_test_and_set(&busy))
		cr_sys0(SYS_sched_yield);
	bad = forbids(prog->filter, len);
	if (room)
		memcpy(code + used, prog->filter, len * sizeof(code[0]));
	if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		bad = CR_FILTER_LISTENER;
	/* From now on our signal would be the end of this thread. */
	if (bad) {
		s->forbidden = bad;
		was = cr_signal_block();
	}
	ret = nr == SYS_prctl ? cr_sys3(nr, PR_SET_SECCOMP, op, prog) :
				cr_sys3(nr, op, flags, prog);
	if (ret && !(flags & SECCOMP_FILTER_FLAG_NEW_LISTENER && ret > 0)) {
		s->forbidden = before;
		if (bad)
			cr_signal_restore(was);
	} else if (room) {
		filters[n].at = used;
		filters[n].len = len;
		filters[n].flags =
			flags & (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
		used += len;
		s->known = n + 1;
	}
	atomic_flag_clear(&busy);
	return ret;
}

/* Four calls are left, and none of them is one of ours. */
long agent_filter_strict(long nr)
{
	struct cr_filter_state *s = &cr_agent_filters;
	uint32_t before = s->forbidden;
	int was = cr_signal_block();
	long ret;

	s->forbidden = CR_FILTER_STRICT;
	ret = nr == SYS_prctl ? cr_sys3(nr, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0) :
				cr_sys3(nr, SECCOMP_SET_MODE_STRICT, 0, 0);
	if (ret) {
		s->forbidden = before;
		cr_signal_restore(was);
	}
	return ret;
}

long agent_prctl_seccomp(long mode, const void *prog)
{
	if (mode == SECCOMP_MODE_FILTER && cr_agent.active)
		return agent_filter_install(SYS_prctl, mode, 0, prog);
	if (mode == SECCOMP_MODE_STRICT && cr_agent.active)
		return agent_filter_strict(SYS_prctl);
	return cr_sys3(SYS_prctl, PR_SET_SECCOMP, mode, prog);
}

/* In a restored thread, when all that is left to do is to return from the signal frame. */
void agent_install_filters(void)
{
	unsigned int i;

	for (i = 0; i < cr_agent_filters.known; i++) {
		struct sock_fprog prog = { filters[i].len, code + filters[i].at };

		/* Without them it must not go on. */
		while (cr_sys3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filters[i].flags, &prog))
			cr_sys1(SYS_exit_group, 128 + SIGSYS);
	}
}
