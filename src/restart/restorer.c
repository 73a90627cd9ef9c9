// SPDX-License-Identifier: Apache-2.0
//
// The restorer's code. Runs in: a process that is becoming a saved one, copied to a place that
// neither layout uses, with everything else unmapped underneath it.
// Invariants: no libc, no data, no constants in memory, no vector registers, no stack protector;
// everything it needs comes through its arguments. On failure: reports and ends the process; the
// shepherd then ends the others. Nothing of the job has run by then.
#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>

#include "arch/x86_64/call.h"
#include "common/ids.h"
#include "restart/restorer.h"

#define CODE __attribute__((section("restorer"), noinline))
#define INLINE static inline __attribute__((always_inline))

INLINE void fail(const struct cr_restorer_args *a, const struct cr_op *op, long error)
{
	struct cr_restart_page *page = (void *)a->page;
	uint32_t none = 0;

	if (__atomic_compare_exchange_n(&page->failed, &none, 1, 0, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST)) {
		page->pid = a->pid;
		page->error = -error;
		page->status = -1 - op->label;
		page->row = op - (const struct cr_op *)a->ops;
		page->nr = op->nr;
		page->at = op->arg[0];
		__atomic_store_n(&page->failed, 2, __ATOMIC_SEQ_CST);
	}
	for (;;)
		cr_sys1(SYS_exit_group, 1);
}

INLINE void ready(const struct cr_restorer_args *a)
{
	struct cr_restart_page *page = (void *)a->page;

	if (__atomic_add_fetch(&page->arrived[CR_AT_READY], 1, __ATOMIC_SEQ_CST) ==
	    page->wanted[CR_AT_READY])
		cr_sys3(SYS_futex, &page->arrived[CR_AT_READY], FUTEX_WAKE, 0x7fffffff);
	while (!__atomic_load_n(&page->go, __ATOMIC_SEQ_CST))
		cr_sys4(SYS_futex, &page->go, FUTEX_WAIT, 0, 0);
	if (__atomic_load_n(&page->go, __ATOMIC_SEQ_CST) != 1)
		for (;;)
			cr_sys1(SYS_exit_group, 1);
}

/* A tile operation makes the kernel enlarge this thread's state before sigreturn loads it. */
INLINE void touch_amx(void)
{
	/* ldtilecfg reads 64 bytes: palette 1, one tile of 16 rows by 64 bytes. */
	uint64_t config[8] __attribute__((aligned(64)));

	for (int i = 0; i < 8; i++)
		((volatile uint64_t *)config)[i] = 0;
	((volatile uint8_t *)config)[0] = 1;
	((volatile uint8_t *)config)[16] = 64;
	((volatile uint8_t *)config)[48] = 16;
	__asm__ volatile(".byte 0xc4, 0xe2, 0x78, 0x49, 0x00\n\t" /* ldtilecfg (%rax) */
			 ".byte 0xc4, 0xe2, 0x7b, 0x49, 0xc0\n\t" /* tilezero %tmm0 */
			 ".byte 0xc4, 0xe2, 0x78, 0x49, 0xc0" /* tilerelease */
			 :
			 : "a"(config)
			 : "memory");
}

CODE static void run(const struct cr_restorer_args *a, const struct cr_op *ops, uint64_t n);

/* Whoever finds this process dead shall know where it was. */
INLINE void note_row(const struct cr_restorer_args *a, const struct cr_op *op)
{
	struct cr_progress *p = (void *)a->progress;

	p->label = op->label;
	p->row = op - (const struct cr_op *)a->ops;
	p->nr = op->nr;
}

/* Kernels count up the ids of timers, as long as they are not told one. */
INLINE long make_timer(const struct cr_op *op)
{
	int32_t *id = (int32_t *)op->arg[2], wanted = *id;
	long ret;

	for (;;) {
		ret = cr_sys3(SYS_timer_create, op->arg[0], op->arg[1], id);
		if (ret || *id == wanted)
			return ret;
		cr_sys1(SYS_timer_delete, *id);
		if (*id > wanted)
			return -EEXIST;
	}
}

INLINE void note_tid(const struct cr_restorer_args *a, int32_t id, int32_t real)
{
	const struct cr_ids *ids = (void *)a->ids;
	struct cr_id *e = (void *)cr_id_find(ids->by_id, ids->n, CR_ID_PROCESS, id);

	if (e)
		__atomic_store_n(&e->other, real, __ATOMIC_SEQ_CST);
}

/* A new thread of an id that the kernel chose. */
CODE static void start_thread(const struct cr_restorer_args *a, const struct cr_thread_plan *t)
{
	int32_t tid = cr_sys0(SYS_gettid);

	if (tid != t->tid && cr_ids_stale((void *)a->ids, tid))
		for (;;)
			cr_sys1(SYS_exit, 0);
	note_tid(a, t->tid, tid);
	cr_sys1(SYS_set_tid_address, t->child_tid);
	run(a, (void *)t->ops, t->nops);
}

/* The child carries out its own list; it never returns here. */
INLINE long make_thread(const struct cr_restorer_args *a, const struct cr_thread_plan *t)
{
	int32_t tid = t->tid;
	struct clone_args c;
	long ret;

	for (unsigned int i = 0; i < sizeof(c) / 8; i++)
		((volatile uint64_t *)&c)[i] = 0;
	c.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
		  CLONE_SETTLS | CLONE_CHILD_CLEARTID;
	c.child_tid = t->child_tid;
	c.tls = t->tls;
	c.set_tid = (uint64_t)&tid;
	c.set_tid_size = 1;
	c.stack = t->stack;
	c.stack_size = t->stack_size;
	register const struct cr_restorer_args *r12 __asm__("r12") = a;
	register uint64_t r13 __asm__("r13") = t->ops;
	register uint64_t r14 __asm__("r14") = t->nops;
	register void (*r15)(const struct cr_restorer_args *, const struct cr_op *,
			     uint64_t) __asm__("r15") = run;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "mov %%r13, %%rsi\n\t"
			 "mov %%r14, %%rdx\n\t"
			 "call *%%r15\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone3), "D"(&c), "S"(sizeof(c)), "r"(r12), "r"(r13), "r"(r14),
			   "r"(r15)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

/*
 * Without clone3, which some containers do not have. A thread that gets an id by which words in
 * memory mean another ends at once; nothing but the id tells it that, so it is asked for first.
 */
INLINE long make_new_thread(const struct cr_restorer_args *a, const struct cr_thread_plan *t)
{
	const struct cr_ids *ids = (void *)a->ids;
	register uint64_t r10 __asm__("r10") = 0;
	register uint64_t r8 __asm__("r8") = t->tls;
	register const struct cr_restorer_args *r12 __asm__("r12") = a;
	register const struct cr_thread_plan *r13 __asm__("r13") = t;
	register void (*r15)(const struct cr_restorer_args *,
			     const struct cr_thread_plan *) __asm__("r15") = start_thread;
	long ret;

	do {
		__asm__ volatile("syscall\n\t"
				 "test %%rax, %%rax\n\t"
				 "jnz 1f\n\t"
				 "mov %%r12, %%rdi\n\t"
				 "mov %%r13, %%rsi\n\t"
				 "call *%%r15\n\t"
				 "hlt\n"
				 "1:"
				 : "=a"(ret)
				 : "a"(SYS_clone),
				   "D"(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				       CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS),
				   "S"(t->stack + t->stack_size), "d"(0ul), "r"(r10), "r"(r8),
				   "r"(r12), "r"(r13), "r"(r15)
				 : "rcx", "r11", "memory", "cc");
	} while (ret > 0 && ret != t->tid && cr_ids_stale(ids, ret));
	if (ret > 0)
		note_tid(a, t->tid, ret);
	return ret;
}

/* The id of a thread now; in memory of libc's only where it had written one. */
INLINE void store_tid(const struct cr_restorer_args *a, int32_t id, int32_t *to, uint64_t always)
{
	const struct cr_ids *ids = (void *)a->ids;
	const struct cr_id *e = cr_id_find(ids->by_id, ids->n, CR_ID_PROCESS, id);

	if (always || cr_ids_stale(ids, *to))
		*to = e && e->other ? e->other : id;
}

/* Only the receiver itself may send what looks as if it came from the kernel. */
INLINE void send_signal(const siginfo_t *info, uint64_t private)
{
	int pid = cr_sys0(SYS_getpid);

	if (private)
		cr_sys4(SYS_rt_tgsigqueueinfo, pid, cr_sys0(SYS_gettid), info->si_signo, info);
	else
		cr_sys3(SYS_rt_sigqueueinfo, pid, info->si_signo, info);
}

INLINE void __attribute__((noreturn)) resume(const struct cr_restorer_args *a,
					     const struct cr_op *op)
{
	struct cr_restart_page *page = (void *)a->page;

	/* The main thread; from here on its end is the job's own business. */
	if (op->arg[5]) {
		__atomic_store_n(&((struct cr_progress *)a->progress)->state, CR_STATE_OVER,
				 __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&page->resumed, 1, __ATOMIC_SEQ_CST);
		cr_sys3(SYS_futex, &page->resumed, FUTEX_WAKE, 1);
	}

	register uint64_t entry __asm__("rax") = op->arg[0];
	register uint64_t rdi __asm__("rdi") = op->arg[1];
	register uint64_t rsi __asm__("rsi") = op->arg[2];
	register uint64_t rdx __asm__("rdx") = op->arg[3];
	register uint64_t rcx __asm__("rcx") = op->arg[4];
	register uint64_t r8 __asm__("r8") = op->arg[5];

	__asm__ volatile("jmp *%0"
			 :
			 : "r"(entry), "r"(rdi), "r"(rsi), "r"(rdx), "r"(rcx), "r"(r8)
			 : "memory");
	__builtin_unreachable();
}

CODE static void run(const struct cr_restorer_args *a, const struct cr_op *ops, uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++) {
		const struct cr_op *op = &ops[i];
		long ret = 0;

		note_row(a, op);
		if (op->kind <= CR_OP_TRY)
			ret = cr_syscall6(op->nr, op->arg[0], op->arg[1], op->arg[2], op->arg[3],
					  op->arg[4], op->arg[5]);
		else if (op->kind == CR_OP_THREAD)
			ret = ((const struct cr_thread_plan *)op->arg[0])->new_ids ?
				      make_new_thread(a, (const void *)op->arg[0]) :
				      make_thread(a, (const void *)op->arg[0]);
		else if (op->kind == CR_OP_TIMER)
			ret = make_timer(op);
		else if (op->kind == CR_OP_TID)
			store_tid(a, op->arg[0], (int32_t *)op->arg[1], op->arg[2]);
		else if (op->kind == CR_OP_AMX)
			touch_amx();
		else if (op->kind == CR_OP_SIGNAL)
			send_signal((const siginfo_t *)op->arg[0], op->arg[1]);
		else if (op->kind == CR_OP_READY)
			ready(a);
		else
			resume(a, op);
		if ((unsigned long)ret > -4096ul && op->kind != CR_OP_TRY)
			fail(a, op, ret);
	}
	for (;;)
		cr_sys1(SYS_exit, 0);
}

CODE void cr_restorer(const struct cr_restorer_args *a)
{
	run(a, (const void *)a->ops, a->nops);
}
