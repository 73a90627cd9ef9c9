// SPDX-License-Identifier: Apache-2.0
//
// Threads that block our signal behind libc's back.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Takes the signal, which waits for the thread already, out of its mask. True if it was there; then
 * a checkpoint puts it back.
 */
bool cr_unblock(pid_t pid, pid_t tid, uint64_t bit);

/* The same without waiting for it; and what is to be done now and then until the job stands. */
void cr_unblock_soon(pid_t pid, pid_t tid, uint64_t bit);
void cr_unblock_on(void);

/* reap() does the rest. */
void cr_unblock_end(void);

/* Whether it is for this that a thread is seized. */
bool cr_unblocking(pid_t tid);

/* Lets go what was seized and has stopped so, with the signal it was to have. False: not seized. */
bool cr_unseize(pid_t tid, int status);
