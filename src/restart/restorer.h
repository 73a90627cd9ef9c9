// SPDX-License-Identifier: Apache-2.0
//
// The restorer: a small piece of position-independent code that outlives the program it came with.
// It carries out a list of operations, prepared beforehand by ordinary code (plan.c), which turn
// the process into the saved one, and reports the first that fails.
#pragma once

#include <stdint.h>

#define CR_STAGES 8

/* Shared by all processes of a restart and the shepherd. */
struct cr_restart_page {
	uint32_t arrived[CR_STAGES]; /* futexes: how many have reached a stage */
	uint32_t wanted[CR_STAGES]; /* how many have to: the last one wakes the others */
	uint32_t turn; /* of births that need an order: one for each step of each */
	uint32_t go; /* futex: 0 wait, 1 run, 2 give up */
	uint32_t failed; /* 1: taken, 2: the rest is filled in */
	int32_t pid;
	int32_t error; /* errno value */
	int32_t status; /* enum cairn_exit */
	uint32_t row, nr; /* of the restorer's operation that failed, its system call, */
	uint64_t at; /* and its first argument */
	uint32_t resumed; /* futex: counts those that leave the restorer */
	char text[768];
};

enum cr_op_kind {
	CR_OP_SYSCALL, /* nr with arg[0..5]; must not fail */
	CR_OP_TRY, /* the same; may fail */
	CR_OP_THREAD, /* arg[0]: struct cr_thread_plan */
	CR_OP_TIMER, /* timer_create(arg[0..2]) until it has the id that stands at arg[2] */
	CR_OP_TID, /* *(int *)arg[1] = the real id of arg[0]; unless arg[2], if an id stood there */
	CR_OP_AMX, /* makes the kernel give this thread room for tile state */
	CR_OP_SIGNAL, /* sends this process, or if arg[1] this thread, the siginfo_t at arg[0] */
	CR_OP_READY, /* arrived[CR_AT_READY]++, wait for go */
	CR_OP_RESUME, /* arg: entry, frame, restorer, its length, other threads, main */
};

struct cr_op {
	uint16_t kind;
	uint16_t label; /* what it restores: enum cr_label */
	uint32_t nr;
	uint64_t arg[6];
};

enum cr_rendezvous {
	CR_AT_MADE, /* has made those that it can make without waiting */
	CR_AT_BORN,
	CR_AT_LEADERS,
	CR_AT_GROUPS,
	CR_AT_BUILT, /* who shares a descriptor table no longer needs any of ours in it */
	CR_AT_PLACED, /* the first of them has put the job's descriptors there */
	CR_AT_READY,
};

/*
 * How far a process is; for whoever finds it dead. Written by its maker, by itself, and by the
 * shepherd when all are over.
 */
enum cr_state {
	CR_STATE_NONE, /* nobody has made it yet */
	CR_STATE_MADE,
	CR_STATE_RESTORER, /* in it, at the row that is told */
	CR_STATE_OVER, /* has gone on as the saved process, or was one that had ended */
};

struct cr_progress {
	uint32_t state;
	uint16_t label; /* enum cr_label: what it is about to restore */
	uint16_t pad;
	uint32_t row, nr; /* in the restorer: the operation and its system call */
};

/* For messages: what an operation is for. */
enum cr_label {
	CR_LABEL_PLACE,
	CR_LABEL_LAYOUT,
	CR_LABEL_MEMORY,
	CR_LABEL_VDSO,
	CR_LABEL_MM,
	CR_LABEL_SIGNALS,
	CR_LABEL_THREAD,
	CR_LABEL_TIMER,
	CR_LABEL_SCHEDULING,
	CR_LABEL_CREDENTIALS,
	CR_LABEL_FILES,
	CR_LABEL_ATTRIBUTES,
	CR_LABELS,
};

struct cr_thread_plan {
	uint64_t ops, nops; /* what the new thread carries out */
	uint64_t stack, stack_size;
	uint64_t tls, child_tid;
	int32_t tid, new_ids; /* new_ids: whatever the kernel gives, noted in the table */
};

struct cr_restorer_args {
	uint64_t page; /* struct cr_restart_page, at its place during the restore */
	uint64_t ids; /* struct cr_ids */
	uint64_t progress; /* struct cr_progress, of this process */
	uint64_t ops, nops;
	int32_t pid, pad;
};

/* Position-independent code between these two. */
extern const char cr_restorer_start[] __asm__("__start_restorer"); /* style: from the linker */
extern const char cr_restorer_end[] __asm__("__stop_restorer"); /* style: from the linker */

void cr_restorer(const struct cr_restorer_args *args);
