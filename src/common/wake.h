// SPDX-License-Identifier: Apache-2.0
//
// The wake: what the shepherd's signal carries to the thread that it calls. In which system call
// that thread stands, only an observer can tell, so it comes along: the number, and a hash of the
// registers that identify the call. (The kernel passes 48 bytes of a queued siginfo on.)
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CR_WAKE_MAGIC 0x4341524eu /* "CARN" */
#define CR_WAKE_ASK 1u /* say Hello and wait for Begin before forking */
#define CR_WAKE_PROC 2u /* a Begin with a descriptor of /proc comes first */
#define CR_WAKE_APART 8u /* another process has the same table of descriptors */
#define CR_WAKE_STILL 4u /* job control has stopped the process: no thread of it runs by itself */

struct cr_wake {
	uint32_t magic;
	uint16_t flags;
	int16_t nr; /* -1: none */
	uint64_t key;
};

/* Behind si_pid and si_uid, where si_value is. */
#define CR_WAKE_OFFSET 24

static inline void cr_wake_put(siginfo_t *info, const struct cr_wake *wake)
{
	memcpy((char *)info + CR_WAKE_OFFSET, wake, sizeof(*wake));
}

static inline bool cr_wake_get(const siginfo_t *info, struct cr_wake *wake)
{
	memcpy(wake, (const char *)info + CR_WAKE_OFFSET, sizeof(*wake));
	return info->si_code == SI_QUEUE && wake->magic == CR_WAKE_MAGIC;
}

/* Identifies a call by its place, stack and first four arguments. */
static inline uint64_t cr_call_key(uint64_t pc, uint64_t sp, const uint64_t args[4])
{
	uint64_t h = 0x9e3779b97f4a7c15ull ^ pc;
	int i;

	for (i = -1; i < 4; i++) {
		h ^= i < 0 ? sp : args[i];
		h *= 0xbf58476d1ce4e5b9ull;
		h ^= h >> 29;
	}
	return h;
}
