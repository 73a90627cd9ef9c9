// SPDX-License-Identifier: Apache-2.0
//
// syscall(2) by its number: for programs that ask for what libc has no function for, or think so.
// Once ids are translated all calls come here; before, wrap_io_uring.c does it alone but for a few.
// A table says which arguments and results are ids; the rest goes to the wrapper of the same call.
// Runs in: the application's threads.
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "preload/agent_filters.h"
#include "preload/agent_ids.h"
#include "preload/stacks.h"
#include "preload/state.h"
#include "preload/agent_stop.h"
#include "preload/wrap_clocks.h"
#include "preload/wrap_siginfo.h"
#include "preload/wrap_signals.h"
#include "preload/wrap_syscall.h"
#include "preload/wrappers.h"

#define RESULT 64 /* else bit n: argument n is an id */

static const struct {
	short nr;
	unsigned char ids;
} rows[] = {
	{ SYS_getpid, RESULT },
	{ SYS_gettid, RESULT },
	{ SYS_getppid, RESULT },
	{ SYS_getpgrp, RESULT },
	{ SYS_getpgid, RESULT | 1 },
	{ SYS_getsid, RESULT | 1 },
	{ SYS_setsid, RESULT },
	{ SYS_setpgid, 1 | 2 },
	{ SYS_set_tid_address, RESULT },
	{ SYS_fork, RESULT },
	{ SYS_vfork, RESULT },
	{ SYS_clone, RESULT },
	{ SYS_clone3, RESULT },
	{ SYS_wait4, RESULT | 1 },
	{ SYS_kill, 1 },
	{ SYS_tkill, 1 },
	{ SYS_tgkill, 1 | 2 },
	{ SYS_rt_sigqueueinfo, 1 },
	{ SYS_rt_tgsigqueueinfo, 1 | 2 },
	{ SYS_sched_setparam, 1 },
	{ SYS_sched_getparam, 1 },
	{ SYS_sched_setscheduler, 1 },
	{ SYS_sched_getscheduler, 1 },
	{ SYS_sched_setaffinity, 1 },
	{ SYS_sched_getaffinity, 1 },
	{ SYS_sched_setattr, 1 },
	{ SYS_sched_getattr, 1 },
	{ SYS_sched_rr_get_interval, 1 },
	{ SYS_prlimit64, 1 },
	{ SYS_process_vm_readv, 1 },
	{ SYS_process_vm_writev, 1 },
	{ SYS_pidfd_open, 1 },
	{ SYS_ptrace, 2 },
	{ SYS_kcmp, 1 | 2 },
	{ SYS_get_robust_list, 1 },
	{ SYS_migrate_pages, 1 },
	{ SYS_move_pages, 1 },
	{ SYS_perf_event_open, 2 },
};

static long *argument(long *a, unsigned int ids, int n)
{
	return ids >> n & 1 ? &a[n] : NULL;
}

long agent_syscall(long nr, long a0, long a1, long a2, long a3, long a4, long a5)
{
	long a[6] = { a0, a1, a2, a3, a4, a5 }, ret, *id;
	struct timespec time;
	unsigned int ids = 0;
	size_t i;

	switch (nr) {
	case SYS_shmget:
		return shmget(a0, a1, a2);
	case SYS_shmat:
		return (long)shmat(a0, (const void *)a1, a2);
	case SYS_shmctl:
		return shmctl(a0, a1, (struct shmid_ds *)a2);
	case SYS_semget:
		return semget(a0, a1, a2);
	case SYS_semop:
		return semop(a0, (struct sembuf *)a1, a2);
	case SYS_semtimedop:
		return semtimedop(a0, (struct sembuf *)a1, a2, (const struct timespec *)a3);
	case SYS_semctl:
		return semctl(a0, a1, a2, a3);
	case SYS_msgget:
		return msgget(a0, a1);
	case SYS_msgsnd:
		return msgsnd(a0, (const void *)a1, a2, a3);
	case SYS_msgrcv:
		return msgrcv(a0, (void *)a1, a2, a3, a4);
	case SYS_msgctl:
		return msgctl(a0, a1, (struct msqid_ds *)a2);
	case SYS_open:
		return open((const char *)a0, a1, a2);
	case SYS_openat:
		return openat(a0, (const char *)a1, a2, a3);
	case SYS_readlink:
		return readlink((const char *)a0, (char *)a1, a2);
	case SYS_readlinkat:
		return readlinkat(a0, (const char *)a1, (char *)a2, a3);
	case SYS_newfstatat:
		return fstatat(a0, (const char *)a1, (struct stat *)a2, a3);
	case SYS_statx:
		return statx(a0, (const char *)a1, a2, a3, (struct statx *)a4);
	case SYS_access:
		return access((const char *)a0, a1);
	case SYS_fcntl:
		return fcntl(a0, a1, a2);
	case SYS_ioctl:
		return ioctl(a0, a1, a2);
	case SYS_getsockopt:
		return getsockopt(a0, a1, a2, (void *)a3, (socklen_t *)a4);
	case SYS_sendmsg:
		return sendmsg(a0, (const struct msghdr *)a1, a2);
	case SYS_recvmsg:
		return recvmsg(a0, (struct msghdr *)a1, a2);
	case SYS_rt_sigtimedwait:
		ret = agent_syscall_timed(nr, a0, a1, a2, a3, a4, a5);
		if (ret > 0 && a1)
			agent_siginfo_virtual((siginfo_t *)a1);
		return ret;
	case SYS_waitid:
		return waitid(a0, a1, (siginfo_t *)a2, a3);
	case SYS_getpriority:
	case SYS_setpriority:
		ids = a0 == PRIO_PROCESS || a0 == PRIO_PGRP ? 2 : 0;
		break;
	case SYS_ioprio_get:
	case SYS_ioprio_set:
		ids = a0 == IOPRIO_WHO_PROCESS || a0 == IOPRIO_WHO_PGRP ? 2 : 0;
		break;
	case SYS_clock_nanosleep:
		ret = clock_nanosleep(a0, a1, (const struct timespec *)a2, (struct timespec *)a3);
		errno = ret;
		return ret ? -1 : 0;
	case SYS_timerfd_settime:
		return timerfd_settime(a0, a1, (const struct itimerspec *)a2,
				       (struct itimerspec *)a3);
	case SYS_futex:
		agent_futex_time(a1, (const struct timespec *)a3, &time, (const void **)&a[3]);
		break;
	case SYS_clock_gettime:
		return clock_gettime(a0, (struct timespec *)a1);
	}
	for (i = 0; i < sizeof(rows) / sizeof(*rows) && !ids; i++)
		if (rows[i].nr == nr)
			ids = rows[i].ids;
	for (i = 0; i < 6; i++)
		if ((id = argument(a, ids, i)))
			*id = agent_real(*id);
	ret = agent_syscall_timed(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	return ids & RESULT ? agent_virtual(ret) : ret;
}

/* The rest of syscall() for the calls that are of interest here (wrap_io_uring.c). */
long agent_syscall_noted(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	if (nr == SYS_seccomp && a == SECCOMP_SET_MODE_FILTER && cr_agent.active)
		return agent_result(agent_filter_install(nr, a, b, (const void *)c));
	if (nr == SYS_seccomp && a == SECCOMP_SET_MODE_STRICT && !b && !c && cr_agent.active)
		return agent_result(agent_filter_strict(nr));
	if (nr == SYS_rseq)
		return agent_result(agent_rseq(a, b, c, d));
	if (nr == SYS_sigaltstack)
		return agent_result(agent_sigaltstack(a, b));
	if (nr == SYS_rt_sigaction && cr_agent.active && (ret = agent_rt_sigaction(a, b, c, d)) < 1)
		return agent_result(ret);
	ret = cr_sys5(nr, a, b, c, d, e);
	/* KEYCTL_JOIN_SESSION_KEYRING; keys of a thread, process or session; Landlock. */
	if (ret >= 0 &&
	    ((nr == SYS_keyctl && a == 1) || (nr == SYS_add_key && (int)e >= -3 && (int)e < 0)))
		cr_agent_filters.lost |= CR_LOST_KEYRING;
	if (!ret && nr == SYS_landlock_restrict_self)
		cr_agent_filters.lost |= CR_LOST_LANDLOCK;
	return agent_result(ret);
}
