// SPDX-License-Identifier: Apache-2.0
//
// libc writes a thread's id into the locks that it holds, and compares. When the thread comes back
// with another id, those words are of an earlier life: here are mended the ones that the kernel
// knows of, at once; wrap_locks.c does the others when they are next used.
// Runs in: a restored thread, just before it goes on. On failure the word stays as it is.
#include <linux/futex.h>
#include <stddef.h>
#include <sys/uio.h>

#include "arch/x86_64/frame.h"
#include "arch/x86_64/syscall.h"
#include "preload/agent.h"
#include "preload/ids.h"

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
#define ROBUST_MOST 2048

/* glibc's mutex: the futex word, a count, the owner; its place in the robust list is behind. */
#define OWNER 2
#define OFFSET_OF_GLIBC -32

/* Everything here is as the application has it: read and written by the kernel, which may fail. */
static bool load(uint64_t from, void *to, size_t len)
{
	struct iovec here = { to, len }, there = { (void *)from, len };

	return cr_sys6(SYS_process_vm_readv, cr_agent.pid, &here, 1, &there, 1, 0) == (long)len;
}

static void mend_word(uint32_t *word)
{
	uint32_t v = __atomic_load_n(word, __ATOMIC_RELAXED);
	int32_t now = cr_id_now(&agent_ids, v & FUTEX_TID_MASK);

	if (now)
		__atomic_compare_exchange_n(word, &v, (v & ~FUTEX_TID_MASK) | now, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void mend_robust(uint64_t entry, int64_t offset)
{
	uint32_t words[OWNER + 1];
	uint64_t at = (entry & ~1ul) + offset;

	if (!load(at, words, sizeof(words)))
		return;
	mend_word((uint32_t *)at);
	if (offset == OFFSET_OF_GLIBC)
		mend_word((uint32_t *)at + OWNER);
}

void agent_mend_locks(const ucontext_t *uc, uint64_t robust_list)
{
	const greg_t *g = uc->uc_mcontext.gregs;
	uint64_t head[3], entry, next; /* first entry, offset of the word, the one being locked */
	int n, command;

	if (cr_frame_before_call(uc, SYS_futex)) {
		command = g[REG_RSI] & FUTEX_CMD_MASK;
		if (command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2)
			mend_word((uint32_t *)g[REG_RDI]);
	}
	if (!robust_list || !load(robust_list, head, sizeof(head)))
		return;
	for (entry = head[0], n = 0; (entry & ~1ul) != robust_list && n < ROBUST_MOST; n++) {
		mend_robust(entry, head[1]);
		if (!load(entry & ~1ul, &next, sizeof(next)))
			break;
		entry = next;
	}
	if (head[2])
		mend_robust(head[2], head[1]);
}
