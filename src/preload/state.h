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
