// SPDX-License-Identifier: Apache-2.0
//
// Doing something as a process that is gone, or not there yet: the kernel notes pid and owner of
// whoever connects, listens or sends, and keeps the number after the process has ended.
// Runs in the shepherd, inside the sandbox, before any process of the job exists.
#include "objects/core/stand_in.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/x86_64/call.h"
#include "common/io.h"

#define STACK (64ul << 10)

struct stand_in {
	pid_t pid; /* itself */
	uid_t uid;
	gid_t gid;
	int (*fn)(void *);
	void *arg;
	int ret;
};

/* In the child, on a stack of its own, while the shepherd waits: as between vfork and exec. */
static void stand_in_run(void *arg)
{
	struct stand_in *s = arg;

	s->pid = getpid();
	/* Of this process only, unlike libc's. */
	if (s->gid != getegid())
		syscall(SYS_setresgid, -1, s->gid, -1);
	if (s->uid != geteuid())
		syscall(SYS_setresuid, -1, s->uid, -1);
	s->ret = s->fn(s->arg);
}

int cr_stand_in(struct cr_ids *ids, pid_t pid, uid_t uid, gid_t gid, int (*fn)(void *), void *arg)
{
	struct stand_in s = { 0, pid ? uid : geteuid(), pid ? gid : getegid(), fn, arg, 0 };
	bool exact = pid > 0 && !ids && pid != getpid();
	cr_auto_free char *stack = malloc(STACK);
	struct clone_args c = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_FILES,
		.set_tid = exact ? (uintptr_t)&pid : 0,
		.set_tid_size = exact,
		.stack = (uintptr_t)stack,
		.stack_size = STACK & ~15ul,
	};
	sigset_t all, old;
	long child;

	if (!stack)
		return -ENOMEM;
	if (cr_id_real(ids, CR_ID_PROCESS, pid) == getpid() && uid == geteuid())
		return fn(arg);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	/* clone3 may be missing in containers, where ids are translated. */
	child = ids ? cr_clone_call(c.flags, stack + c.stack_size, stand_in_run, &s) :
		      cr_clone3_call(&c, sizeof(c), stand_in_run, &s);
	if (child < 0 && exact) {
		c.set_tid = c.set_tid_size = 0;
		child = cr_clone3_call(&c, sizeof(c), stand_in_run, &s);
	}
	while (child > 0 && waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (ids && pid > 0 && child > 0)
		cr_ids_stand_in(ids, pid, s.pid);
	return child < 0 ? child : s.ret;
}
