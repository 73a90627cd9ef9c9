// SPDX-License-Identifier: Apache-2.0
//
// The part of the agent's memory that a restart writes anew: how to reach the shepherd. Its
// address is in the image (ProcessCore.agent_config).
#pragma once

#include <stdint.h>

#define CR_SOCKET_NAME_MAX 96

/*
 * Where the table of ids of a job lies under its shepherd's name, for programs that it executes:
 * the first of these that can be written. Everybody can write there, so it counts only if it is
 * the job's user's or root's.
 */
#define CR_IDS_PLACES              \
	{                          \
		"/dev/shm/", "/tmp/" \
	}
#define CR_IDS_PLACE_MAX 16

struct cr_agent_config {
	uint32_t version; /* CR_AGENT_VERSION */
	int32_t signal;
	int32_t stop; /* the signal that had stopped this process, 0 for none */
	char socket[CR_SOCKET_NAME_MAX]; /* abstract unix socket, without the leading zero byte */
};

/*
 * What the shepherd looks at before it dares to call a process: the library's symbol
 * cr_agent_filters.
 */
struct cr_filter_state {
	uint32_t magic;
	uint32_t known; /* how many filters the agent can install again */
	uint32_t forbidden; /* 1 + a call that one forbids and a checkpoint needs; or below */
	uint32_t lost; /* CR_LOST_* */
	uint32_t subreaper; /* set by PR_SET_CHILD_SUBREAPER, here or before a fork */
	uint32_t sections; /* cairn_disable() has been called */
	uint32_t emulated; /* it is not the CPU that runs the library, as under valgrind */
	uint64_t handlers; /* bit n-1: signal n has been given one, by libc's functions */
	uint64_t stack, stack_size; /* the main thread's alternate stack; size 0 for none */
	uint64_t frame; /* what the agent's signal needs of a stack */
};

#define CR_FILTER_MAGIC 0x746c6665u
#define CR_FILTER_STRICT 0xffffffffu
#define CR_FILTER_LISTENER 0xfffffffeu
