// SPDX-License-Identifier: Apache-2.0
//
// io_uring is not there, as on a kernel without it.
#pragma once

/* Syscall(2) as it is; wrap_signals.c: the same with a timeout to remember. */
long agent_syscall_plain(long nr, long a0, long a1, long a2, long a3, long a4, long a5);

/* Where syscall() comes back from the kernel. */
extern const char agent_syscall_site[] __attribute__((visibility("hidden")));
