// SPDX-License-Identifier: Apache-2.0
//
// The agent's state: what its parts share. One per process, in the library's own zeroed memory,
// so it is saved and restored with the rest.
#pragma once

#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <ucontext.h>

#include "agent.pb.h"
#include "common/agent_config.h"
#include "common/environment.h"
#include "common/defs.h"
#include "common/wake.h"
#include "arch/x86_64/syscall.h"
#include "common/wire.h"

#define AGENT_THREADS 8192
#define AGENT_PENDING 4096
#define AGENT_STACK (64 * 1024)

enum agent_state { AGENT_IDLE, AGENT_STOPPING };

/* What a thread waits for with a relative timeout, so that the rest can be computed. */
struct agent_wait {
	long nr; /* 0: nothing */
	int64_t deadline_ns; /* CLOCK_MONOTONIC */
	struct timespec rest;
	struct sockaddr_in6 name; /* of a call that is made again */
	uint64_t again_pc, again_sp; /* before a call that ends with EINTR, not again by itself */
};

struct agent_rseq {
	uint64_t at; /* 0: none */
	uint32_t len, signature;
};

struct agent_thread {
	int tid;
	_Atomic int parked;
	bool gone; /* exited while we were stopping */
	bool told; /* of to the shepherd, as late */
	bool asked; /* the shepherd to unblock our signal in it, for this once */
	bool dead; /* a main thread that has called pthread_exit */
	bool section; /* between cairn_disable() and cairn_enable() */
	bool rewound; /* the frame stands before call nr because we put it there */
	struct agent_rseq rseq; /* as registered; a thread that has just begun has none yet */
	bool partial; /* the frame stands in cr_partial, with something done */
	bool restartable; /* the frame stands before call nr because the kernel put it there */
	long nr; /* the call it stood in when it was called, -1 for none */
	uint64_t key; /* cr_call_key of it */
	ucontext_t *uc;
	struct agent_wait *wait;
	uint64_t fs, gs, robust, robust_len, clear_tid, slack;
	int pdeath;
	uint32_t restrictions, mce_kill, speculation;
	char comm[16];
};

struct agent_pending {
	int tid; /* 0: of the process */
	siginfo_t info;
};

/* The SysV objects of a kind that the process has made or looked up, the latest of them. */
#define AGENT_SYSV 64
struct agent_sysv {
	_Atomic unsigned int n;
	int ids[AGENT_SYSV]; /* as the application knows them */
};

struct sock_fprog;

struct agent {
	/* Written anew by a restart; never across the border of two mappings. */
	_Alignas(256) struct cr_agent_config config;
	struct agent_sysv sysv[3]; /* shared memory, semaphores, message queues */
	_Atomic int state;
	char exe[CR_PATH_MAX]; /* the program, if the kernel takes another for it; else empty */
	int pid; /* whom the state belongs to: a forked child's differs */
	bool active; /* a shepherd exists */
	_Atomic unsigned int generation; /* futex: rises when everyone may go on */
	_Atomic unsigned int parked; /* futex */
	_Atomic unsigned int inside; /* futex: threads but the leading one that use the table */
	_Atomic unsigned int resumed; /* futex: a restored main thread has taken over */
	_Atomic unsigned int left; /* futex: restored threads that no longer need the restorer */
	unsigned int nthreads;
	_Atomic unsigned int npending;
	uint64_t waiting; /* signals, when the timers were described */
	bool alarm; /* ITIMER_REAL ran then */
	unsigned int eintr_hidden;
	uint64_t syscall_site; /* where syscall() comes back from the kernel */
	int64_t began_ns;
	struct cr_wake wake;
	cairn_Range keep[AGENT_KEEP]; /* to be lifted for the fork */
	unsigned int nkeep;
	_Atomic int section; /* thread that kept the last checkpoint from being made, 0: none */
	int sock; /* -1 if there is none */
	bool apart; /* what is done now is done with another table than the application's */
	int proc; /* one more than a descriptor of the shepherd's /proc, 0 for none */
	int dumpable, subreaper; /* as they were before this checkpoint */
	int writer_pid;
	struct agent_thread threads[AGENT_THREADS];
	struct agent_pending pending[AGENT_PENDING];
	struct cr_wire wire;
	cairn_AgentMsg out;
	cairn_ShepherdMsg in;
	char text[64 * 1024];
	_Alignas(64) char stack[AGENT_STACK];
	_Alignas(64) char helper_stack[AGENT_STACK];
};

/* ---- state.c ---- */

extern struct agent cr_agent __attribute__((visibility("hidden")));
extern __thread struct agent_wait cr_wait
	__attribute__((tls_model("initial-exec"), visibility("hidden")));
extern struct cr_filter_state cr_agent_filters; /* the shepherd reads it from outside */

static inline int64_t agent_now_ns(void)
{
	struct timespec t;

	cr_sys2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static inline uint64_t agent_signal_bit(void)
{
	return 1ull << (cr_agent.config.signal - 1);
}

/* stop.c */
void agent_futex_wait(_Atomic unsigned int *word, unsigned int value, int64_t ns);
void agent_futex_wake(_Atomic unsigned int *word);
void agent_park(ucontext_t *uc);
/* No checkpoint begins between these, so what is known of the threads stays. */
void agent_enter_table(void);
void agent_leave_table(void);
int agent_stop_threads(cairn_Failure *failure);
void agent_resume_threads(void);
void agent_take_record(struct agent_thread *t);

/* wrap_syscall.c: the rest of syscall() for the calls that are noted (wrap_io_uring.c) */
long agent_syscall_noted(long nr, long a, long b, long c, long d, long e);

/* wrap_io_uring.c: where syscall() comes back from the kernel */
extern const char agent_syscall_site[] __attribute__((visibility("hidden")));

/* interrupt.c */
/* The end of a call that came of our signal alone is undone. */
void agent_hide_interruption(struct agent_thread *t);
/* The very last before a thread goes on: t is its own copy, as others may use the table again. */
void agent_settle(struct agent_thread *t);
/* Our signal has come for nothing: what it has interrupted goes on. */
void agent_pass_over(ucontext_t *uc);
/* The relative timeout that a call has: of libc's functions and of syscall(2). */
bool agent_timeout(long nr, const long args[6], struct timespec *out);

/* readable.c: whether size bytes of the application's are there, asked of the kernel */
bool agent_readable(const void *at, size_t size);

/* stacks.c */
long agent_sigaltstack(long new, long old);
/* Whether to call a thread would be its end. */
bool agent_stack_is_bad(int tid);

/* wrap_signals.c: rt_sigaction(2), if it is about the agent's signal; else 1 */
long agent_rt_sigaction(long sig, long act, long old, long size);

/* stop.c: rseq(2), noted */
long agent_rseq(long area, long len, long flags, long signature);

/* pending.c */
/* Signals that wait for this thread or the process. */
uint64_t agent_waiting(void);
/* Notes those of this thread. */
void agent_take_pending(void);
unsigned int agent_pending_count(void);
/* There are more than can be noted. */
bool agent_pending_full(void);
/* Tells the shepherd those that were noted, from one on. */
int agent_send_pending(unsigned int i);
/* Notes and tells those of the process, and of the leading thread if that is the main one. */
int agent_tell_pending(void);
uint64_t agent_status_mask(int tid, const char *key);

/* line.c */
/* To the shepherd's socket, or the one whose name has that suffix. */
int agent_connect(const char *suffix);
/* Makes cr_agent.sock, if there is none yet. */
int agent_call_shepherd(void);
/* cr_agent.out, with these descriptors. */
int agent_send(const int *fds, int nfds);

/* describe.c */
void agent_take_restrictions(struct agent_thread *t);
int agent_describe(void);
int agent_send_descriptors(void);

/* wrap_mqueue.c */
int agent_send_mqueues(void);
/* Whether mq_notify() has been called. */
bool agent_notified(void);

/* apart.c */
/* This is the only thread, and nobody else has this memory. */
bool agent_alone(void);
/*
 * Calls fn(arg) in a thread of its own, on the stack that ends at top, with a table of descriptors
 * that is empty and nobody else's, and no signals. False if that cannot be: nothing has been called
 * then.
 */
bool agent_apart(void (*fn)(void *), void *arg, void *top);
/* Whether a thread of this process is one of these. */
bool agent_is_apart(int tid);
/* Whether there is one besides the caller, or one is being born. */
bool agent_others_apart(void);
/* In a forked child: those of its parent. */
void agent_apart_forget(int pid);

/* watched.c: tells the paths that were watched */
int agent_send_watched(void);

/* filters.c */
void agent_install_filters(void);
long agent_filter_install(long nr, long op, long flags, const struct sock_fprog *prog);
long agent_filter_strict(long nr);
long agent_prctl_seccomp(long mode, const void *prog);

/* environment.c: a variable's value, or NULL; what a restart changes there */
const char *agent_variable(const char *name);
void agent_change_environment(const struct cr_environment *changes);

/* undo.c: answers a Probe */
int agent_probe_undo(void);

/* writer.c */
/* *sock is the shepherd's end of the writer's connection. */
int agent_fork_writer(int *sock);

/* agent.c */
void agent_lead(ucontext_t *uc, const struct cr_wake *wake);

/* api.c: cairn.h */
bool agent_in_section(void);
/* This thread's signal to itself, since its section has ended for which a checkpoint waits. */
bool agent_section_over(void);
/* In a forked child: what its parent was asking. */
void agent_api_forget(int pid);
/* Around a fork: no connection is open, and no handler runs. */
bool agent_api_hold(uint64_t *mask);
void agent_api_let_go(const uint64_t *mask);

/* wrap_signals.c: the application's own action for the agent's signal */
bool agent_application_signal(int sig, siginfo_t *info, void *uc);
