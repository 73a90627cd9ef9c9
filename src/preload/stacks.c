// SPDX-License-Identifier: Apache-2.0
//
// Alternate signal stacks, which the kernel shows to nobody but their threads. It ends a process
// whose stack has no room for the frame of a signal, or cannot be written; so each is noted, and
// looked at before its thread is called: the main thread's by the shepherd, in cr_agent_filters.
// Runs in: the application's threads; agent_stack_is_bad() in the leading thread. What finds no
// room in the table is not looked at.
#include <linux/futex.h>
#include <stddef.h>
#include <sys/uio.h>

#include "preload/agent_ids.h"
#include "preload/stacks.h"
#include "preload/state.h"
#include "preload/wrappers.h"

#define STACKS 4096
#define TRIES 64

static struct stack {
	_Atomic int tid; /* 0: free */
	uint64_t at, size;
	unsigned int *mark; /* the thread's own, which says 1 + its number here */
} stacks[STACKS];

/* Zero again in a thread that is made in the memory of one that has ended. */
static __thread unsigned int own_mark __attribute__((tls_model("initial-exec")));

static struct stack *stacks_find(int tid, bool make)
{
	int i, none;

	for (i = 0; i < TRIES; i++) {
		struct stack *s = &stacks[(tid + i) % STACKS];

		none = 0;
		if (s->tid == tid ||
		    (make && !s->tid && atomic_compare_exchange_strong(&s->tid, &none, tid)))
			return s;
	}
	return NULL;
}

/* In a thread of its own, or a forked child, which has its parent's stack but another id. */
static void stacks_note(void)
{
	int tid = cr_sys0(SYS_gettid);
	struct stack *s = stacks_find(tid, true);
	stack_t now;

	if (cr_sys2(SYS_sigaltstack, NULL, &now) || !s)
		return;
	if (now.ss_flags & SS_DISABLE)
		now.ss_size = 0;
	s->at = (uint64_t)now.ss_sp;
	s->size = now.ss_size;
	s->mark = &own_mark;
	own_mark = s - stacks + 1;
	if (tid != cr_sys0(SYS_getpid))
		return;
	cr_agent_filters.stack = s->at;
	cr_agent_filters.stack_size = s->size;
}

long agent_sigaltstack(long new, long old)
{
	long ret = cr_sys2(SYS_sigaltstack, new, old);

	if (!ret && new && cr_agent.active)
		stacks_note();
	return ret;
}

CR_WRAPPER int sigaltstack(const stack_t *restrict new, stack_t *restrict old)
{
	return agent_result(agent_sigaltstack((long)new, (long)old));
}

/* Writes nothing new to a word of it, in one step, as others may be at it. */
static bool can_write(uint64_t page)
{
	unsigned int none = 0;

	return cr_sys6(SYS_futex, &none, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0, page,
		       FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, 0)) >= 0;
}

bool agent_stack_is_bad(int tid)
{
	struct stack *s = stacks_find(tid, false);
	unsigned int mark = 0;
	struct iovec to = { &mark, sizeof(mark) }, from = { NULL, sizeof(mark) };
	uint64_t page;

	if (!s || !s->size)
		return false;
	from.iov_base = s->mark;
	if (cr_sys6(SYS_process_vm_readv, cr_agent.pid, &to, 1, &from, 1, 0) != sizeof(mark) ||
	    mark != s - stacks + 1)
		return false;
	if (s->size < cr_agent_filters.frame)
		return true;
	/* What the frame will touch at once. */
	page = (s->at + s->size - cr_agent_filters.frame) & ~(CR_PAGE - 1);
	for (; page < s->at + s->size; page += CR_PAGE)
		if (!can_write(page))
			return true;
	return false;
}
