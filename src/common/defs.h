// SPDX-License-Identifier: Apache-2.0
//
// Numbers that several parts must agree on, and macros for all of them.
#pragma once

#define CR_PAGE 4096ul
#define CR_PAGE_UP(x) (((x) + CR_PAGE - 1) & ~(CR_PAGE - 1))

/* Of the image format and of the agent's protocol; an image of a higher version is refused. */
#define CR_FORMAT_VERSION 1u
#define CR_AGENT_VERSION 6u
/* Of what a node and the coordinator say to each other: ClusterMsg. */
#define CR_CLUSTER_VERSION 1u

/* The signal that wakes the agent; libc leaves these to applications. */
#define CR_SIGNAL_MIN 34
#define CR_SIGNAL_MAX 64
#define CR_DEFAULT_SIGNAL 62
/* What a handler of it needs of a stack, besides the kernel's frame, before it goes to its own. */
#define CR_HANDLER_STACK 2048

/* Memory is stored in runs of at most this many bytes: one checksum, one codec each. */
#define CR_RUN_BYTES (1ul << 20)

/* By which a writer is known among the descendants of a shepherd. */
#define CR_WRITER_NAME "cairn-writer"
/* The same for the process of a plugin. */
#define CR_PLUGIN_NAME "cairn-plugin"
/* And who outlives a shepherd that is killed, to end its job. */
#define CR_GUARD_NAME "cairn-guard"

#define CR_NAME_MAX 80
#define CR_PATH_MAX 4096

/* Range.flags */
#define AGENT_RANGE_PACK_FILE 1u /* store pages of the file as well (--pack-files) */
#define AGENT_KEEP 4096u /* ranges at most whose flags are lifted for a fork */
#define AGENT_RANGE_DONTFORK 2u
#define AGENT_RANGE_WIPEONFORK 4u
#define AGENT_RANGE_UNREADABLE 8u
#define AGENT_RANGE_LOCKED 32u /* mlock: for the image only */
#define AGENT_RANGE_FILE 16u /* private mapping of a file: pages of zeros are content */
#define AGENT_RANGE_SYSV 64u /* a SysV attachment: the writer shall not have it */
#define AGENT_RANGE_ON_FAULT 512u /* locked when touched: for the image only */
#define AGENT_RANGE_KEEP_ZEROS 256u /* it matters which pages are there */
#define AGENT_RANGE_READ_ONLY 128u /* never to be written: for the image only */

/* ProcessCore.lost */
#define CR_LOST_SHADOW_STACK 1u
#define CR_LOST_KEYRING 2u
#define CR_LOST_LANDLOCK 4u
#define CR_LOST_RSEQ 8u

/* Thread.restrictions */
#define CR_THREAD_NO_TSC 1u
#define CR_THREAD_NO_CPUID 2u
#define CR_THREAD_IO_FLUSHER 4u

/* Environment by which the shepherd reaches the agent. */
#define CR_ENV_SOCKET "CR_AGENT_SOCKET"
#define CR_ENV_SIGNAL "CR_SIGNAL"

#define CR_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * The first i, from the one number to below the other, for which `before` does not hold, or the
 * other number if there is none: those for which it holds come first. `before` is an expression
 * of i, which is named by the caller.
 */
#define CR_FIRST_NOT(i, from, to, before)                             \
	({                                                            \
		__typeof__(+(to)) first_ = (from), i, behind_ = (to); \
		while (first_ < behind_) {                            \
			i = first_ + (behind_ - first_) / 2;          \
			if (before)                                   \
				first_ = i + 1;                       \
			else                                          \
				behind_ = i;                          \
		}                                                     \
		first_;                                               \
	})
