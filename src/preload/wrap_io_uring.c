// SPDX-License-Identifier: Apache-2.0
//
// io_uring is not there, as on a kernel without it: its rings cannot be saved, and programs that
// use it know how to do without. Said in crlaunch(1). By libc's syscall() and by liburing's
// functions, which are found here before that library's own; a system call of a program's own goes
// past this, and a checkpoint refuses what it made.
// Runs in: the application's threads.
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "preload/wrap_io_uring.h"
#include "preload/wrappers.h"

/* libc's own, but for the first lines; in assembly, as it may be called for vfork and clone. */
CR_WRAPPER __attribute__((naked)) long syscall(long nr, ...)
{
	__asm__("cmp %0, %%rdi\n\t"
		"je 1f\n\t"
		/* Those that filters.c wants to know of, and those with a timeout to remember. */
		"cmp %2, %%rdi\n\t"
		"je agent_syscall_noted\n\t"
		"cmp %3, %%rdi\n\t"
		"je agent_syscall_noted\n\t"
		"cmp %4, %%rdi\n\t"
		"je agent_syscall_noted\n\t"
		"cmp %5, %%rdi\n\t"
		"je agent_syscall_noted\n\t"
		"cmp %6, %%rdi\n\t"
		"je agent_syscall_noted\n\t"
		"cmp %7, %%rdi\n\t"
		"je agent_syscall_noted\n\t"
		"cmp %8, %%rdi\n\t"
		"je agent_syscall_noted\n\t"
		"cmpb $0, agent_ids_on(%%rip)\n\t"
		"jne agent_syscall\n\t"
		"cmp $511, %%rdi\n\t"
		"ja agent_syscall_plain\n\t"
		"bt %%rdi, agent_syscall_timed_set(%%rip)\n\t"
		"jc agent_syscall_timed\n\t"
		".globl agent_syscall_plain\n\t"
		".hidden agent_syscall_plain\n"
		"agent_syscall_plain:\n\t"
		/* For the agent: nothing else tells which call was interrupted. */
		"mov %%rdi, -8(%%rsp)\n\t"
		"mov %%rdi, %%rax\n\t"
		"mov %%rsi, %%rdi\n\t"
		"mov %%rdx, %%rsi\n\t"
		"mov %%rcx, %%rdx\n\t"
		"mov %%r8, %%r10\n\t"
		"mov %%r9, %%r8\n\t"
		"mov 8(%%rsp), %%r9\n\t"
		"syscall\n\t"
		".globl agent_syscall_site\n\t"
		".hidden agent_syscall_site\n"
		"agent_syscall_site:\n\t"
		"cmp $-4095, %%rax\n\t"
		"jae 2f\n\t"
		"ret\n"
		"1:\n\t"
		"mov %1, %%rax\n"
		"2:\n\t"
		"neg %%eax\n\t"
		"push %%rax\n\t"
		"call __errno_location@PLT\n\t"
		"pop %%rdx\n\t"
		"mov %%edx, (%%rax)\n\t"
		"mov $-1, %%rax\n\t"
		"ret"
		:
		: "i"(SYS_io_uring_setup), "i"(-ENOSYS), "i"(SYS_seccomp), "i"(SYS_keyctl),
		  "i"(SYS_add_key), "i"(SYS_landlock_restrict_self),
		  "i"(SYS_rt_sigaction), "i"(SYS_sigaltstack),
		  "i"(SYS_rseq));
}

struct io_uring;
struct io_uring_params;
struct io_uring_probe;

int io_uring_setup(unsigned int entries, struct io_uring_params *p);
int io_uring_queue_init(unsigned int entries, struct io_uring *ring, unsigned int flags);
int io_uring_queue_init_params(unsigned int entries, struct io_uring *ring,
			       struct io_uring_params *p);
int io_uring_queue_init_mem(unsigned int entries, struct io_uring *ring, struct io_uring_params *p,
			    void *buf, size_t size);
struct io_uring_probe *io_uring_get_probe(void);

CR_WRAPPER int io_uring_setup(unsigned int entries, struct io_uring_params *p)
{
	return -ENOSYS;
}

CR_WRAPPER int io_uring_queue_init(unsigned int entries, struct io_uring *ring, unsigned int flags)
{
	return -ENOSYS;
}

CR_WRAPPER int io_uring_queue_init_params(unsigned int entries, struct io_uring *ring,
					  struct io_uring_params *p)
{
	return -ENOSYS;
}

CR_WRAPPER int io_uring_queue_init_mem(unsigned int entries, struct io_uring *ring,
				       struct io_uring_params *p, void *buf, size_t size)
{
	return -ENOSYS;
}

CR_WRAPPER struct io_uring_probe *io_uring_get_probe(void)
{
	return NULL;
}
