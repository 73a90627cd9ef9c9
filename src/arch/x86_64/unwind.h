// SPDX-License-Identifier: Apache-2.0
//
// libunwind for another process's memory: its numbers of registers, and what its own tools use of
// it besides what its header declares.
#pragma once

#include <libunwind-x86_64.h>
#include <string.h>

#include "arch/x86_64/regset.h"

/* Finds an address in a binary search table (.eh_frame_hdr) that is read by the accessors. */
int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t as, unw_word_t ip, unw_dyn_info_t *di,
				       unw_proc_info_t *pi, int need_unwind_info, void *arg);

/* What a signal handler returns to, by which debuggers know it: mov $15, %rax; syscall. */
#define CR_SIGRETURN_BYTES 9u
static inline bool cr_is_sigreturn(const unsigned char code[CR_SIGRETURN_BYTES])
{
	return !memcmp(code, "\x48\xc7\xc0\x0f\0\0\0\x0f\x05", 9) ||
	       !memcmp(code, "\xb8\x0f\0\0\0\x0f\x05", 7);
}

static inline bool cr_regset_unwind(const struct cr_regset *r, unw_regnum_t n, unw_word_t *value)
{
	const struct user_regs_struct *g = &r->general;
	const unw_word_t all[] = {
		[UNW_X86_64_RAX] = g->rax, [UNW_X86_64_RDX] = g->rdx, [UNW_X86_64_RCX] = g->rcx,
		[UNW_X86_64_RBX] = g->rbx, [UNW_X86_64_RSI] = g->rsi, [UNW_X86_64_RDI] = g->rdi,
		[UNW_X86_64_RBP] = g->rbp, [UNW_X86_64_RSP] = g->rsp, [UNW_X86_64_R8] = g->r8,
		[UNW_X86_64_R9] = g->r9,   [UNW_X86_64_R10] = g->r10, [UNW_X86_64_R11] = g->r11,
		[UNW_X86_64_R12] = g->r12, [UNW_X86_64_R13] = g->r13, [UNW_X86_64_R14] = g->r14,
		[UNW_X86_64_R15] = g->r15, [UNW_X86_64_RIP] = g->rip,
	};

	if (n < 0 || (size_t)n >= sizeof(all) / sizeof(*all))
		return false;
	*value = all[n];
	return true;
}
