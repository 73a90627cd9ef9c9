// SPDX-License-Identifier: Apache-2.0
//
// syscall(2) by its number: for programs that ask for what libc has no function for, or think
// so.
#pragma once

/* Syscall(2) in libc's way, with ids translated. */
long agent_syscall(long nr, long a0, long a1, long a2, long a3, long a4, long a5);

/* The rest of syscall() for the calls that are noted (wrap_io_uring.c). */
long agent_syscall_noted(long nr, long a, long b, long c, long d, long e);
