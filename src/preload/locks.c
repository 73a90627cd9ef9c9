// SPDX-License-Identifier: Apache-2.0
//
// libc writes a thread's id into the locks that it holds, and compares. When the thread comes back
// with another id, those words are of an earlier life: here are mended at once the ones that
// the kernel knows of, and those of libc's own locks, of its loader, locales and the like, known by
// their shape among its data; wrap_locks.c does the others when they are next used.
// Runs in: a restored thread, just before it goes on. On failure the word stays as it is.
#include <link.h>
#include <linux/futex.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>

#include "arch/x86_64/frame.h"
#include "preload/agent_ids.h"
#include "preload/locks.h"
#include "preload/state.h"
#include "preload/wrappers.h"

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
#define ROBUST_MOST 2048
#define PARTS 16
#define COUNT_MOST 4096 /* of a lock: more is something else */

/* glibc's mutex: the futex word, a count, the owner; its place in the robust list is behind. */
#define OWNER 2
#define OFFSET_OF_GLIBC -32

/* Everything here is as the application has it: read and written by the kernel, which may fail. */
static bool locks_load(uint64_t from, void *to, size_t len)
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

	if (!locks_load(at, words, sizeof(words)))
		return;
	mend_word((uint32_t *)at);
	if (offset == OFFSET_OF_GLIBC)
		mend_word((uint32_t *)at + OWNER);
}

/* ---- libc's own locks, which nobody wraps ---- */

/* What libc and the dynamic linker have to write to, where all such locks are. */
static struct {
	uint64_t start, end;
} parts[PARTS];
static unsigned int nparts;

static int note_library(struct dl_phdr_info *info, size_t size, void *unused)
{
	static const char *const names[] = { "/libc.so", "/libc-", "/ld-", "/libpthread",
					     "/libanl", "/librt" };
	bool own = false;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		own |= strstr(info->dlpi_name, names[i]) != NULL;
	for (i = 0; own && i < info->dlpi_phnum && nparts < PARTS; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_W))
			continue;
		parts[nparts].start = (info->dlpi_addr + p->p_vaddr + 3) & ~3ul;
		parts[nparts++].end = info->dlpi_addr + p->p_vaddr + p->p_memsz;
	}
	return 0;
}

void agent_note_libraries(void)
{
	CR_REAL(dl_iterate_phdr)(note_library, NULL);
}

/* w is a mutex's third word, and that is held and cares for its owner. */
static bool in_mutex(const uint32_t *w)
{
	uint32_t kind = w[2] & 3;

	return (w[-2] == 1 || w[-2] == 2) && w[-1] < COUNT_MOST && w[1] <= 1 &&
	       !(w[2] & ~0x1ffu) && kind && (kind != 1 || w[-1]);
}

/* w is the seventh word of a lock for reading and writing, held by a writer. */
static bool in_rwlock(const uint32_t *w)
{
	return (w[-6] & 3) == 3 && (w[-5] & 0x7fffffff) < COUNT_MOST && w[-4] <= 3 && w[-3] <= 3 &&
	       !w[-2] && !w[-1] && w[1] <= 1;
}

void agent_mend_libraries(void)
{
	unsigned int i;
	int32_t now;

	for (i = 0; i < nparts; i++) {
		uint32_t *w = (uint32_t *)parts[i].start + 6;
		uint32_t *end = (uint32_t *)(parts[i].end & ~3ul) - 3;

		for (; w < end; w++) {
			if (!*w || (*w & ~FUTEX_TID_MASK) || (!in_mutex(w) && !in_rwlock(w)))
				continue;
			now = cr_id_now(&agent_ids, *w);
			if (now && !cr_sys3(SYS_tgkill, cr_agent.pid, now, 0))
				*w = now;
		}
	}
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
	if (!robust_list || !locks_load(robust_list, head, sizeof(head)))
		return;
	for (entry = head[0], n = 0; (entry & ~1ul) != robust_list && n < ROBUST_MOST; n++) {
		mend_robust(entry, head[1]);
		if (!locks_load(entry & ~1ul, &next, sizeof(next)))
			break;
		entry = next;
	}
	if (head[2])
		mend_robust(head[2], head[1]);
}
