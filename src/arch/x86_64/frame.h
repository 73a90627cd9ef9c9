// SPDX-License-Identifier: Apache-2.0
//
// Reading and mending the registers of a signal frame: was the thread in a system call, does it
// hold AMX state, make it do the call again.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#define CR_XFEATURE_AMX_TILE 18

/* Index of a system call's argument in uc_mcontext.gregs. */
static const unsigned char cr_frame_arg[6] = { REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9 };

static inline int64_t cr_frame_result(const ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_RAX];
}

/* After -EINTR: stand before the call again, with its number. */
static inline void cr_frame_rewind(ucontext_t *uc, long nr)
{
	uc->uc_mcontext.gregs[REG_RAX] = nr;
	uc->uc_mcontext.gregs[REG_RIP] -= 2;
}

/* The opposite: the call has ended with -EINTR. */
static inline void cr_frame_interrupt(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RAX] = -EINTR;
	uc->uc_mcontext.gregs[REG_RIP] += 2;
}

/* Whether the frame stands before a system call with this number (rewound, by us or the kernel). */
static inline bool cr_frame_before_call(const ucontext_t *uc, long nr)
{
	const unsigned char *pc = (const unsigned char *)uc->uc_mcontext.gregs[REG_RIP];

	return uc->uc_mcontext.gregs[REG_RAX] == nr && pc[0] == 0x0f && pc[1] == 0x05;
}

/* Whether the extended state of the frame has AMX tiles in use. */
static inline bool cr_frame_amx(const ucontext_t *uc)
{
	const char *fp = (const char *)uc->uc_mcontext.fpregs;
	uint32_t magic;
	uint64_t xfeatures;

	if (!fp)
		return false;
	memcpy(&magic, fp + 464, sizeof(magic));
	memcpy(&xfeatures, fp + 472, sizeof(xfeatures));
	return magic == 0x46505853 && (xfeatures >> CR_XFEATURE_AMX_TILE & 1);
}
