// SPDX-License-Identifier: Apache-2.0
//
// Whether there is memory at an address, without a fault if there is none.
// Runs in: the agent's handler and wrappers.
#include <errno.h>

#include "arch/x86_64/syscall.h"
#include "common/defs.h"
#include "preload/readable.h"

bool agent_readable(const void *at, size_t size)
{
	/* An aligned word lies within one page. */
	uint64_t p = (uint64_t)at & ~7ul, last = ((uint64_t)at + (size ? size - 1 : 0)) & ~7ul;

	if (last < p)
		return false;
	/* The set is read before it is found that nobody knows what to do with it. */
	for (; p < last; p = (p / CR_PAGE + 1) * CR_PAGE)
		if (cr_sys4(SYS_rt_sigprocmask, 99, p, NULL, 8) != -EINVAL)
			return false;
	return cr_sys4(SYS_rt_sigprocmask, 99, last, NULL, 8) == -EINVAL;
}
