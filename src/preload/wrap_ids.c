// SPDX-License-Identifier: Apache-2.0
//
// Calls that take or give ids of processes, threads, groups and sessions. The kernel is asked
// directly where libc does no more than that.
// Runs in: the application's threads, wherever the wrapped function may be called.
#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/api.h"
#include "preload/agent_filters.h"
#include "preload/agent_ids.h"
#include "preload/state.h"
#include "preload/wrap_ids.h"
#include "preload/wrappers.h"

/* ---- who am I ---- */

CR_WRAPPER pid_t getpid(void)
{
	return AGENT_ASK(cr_sys0(SYS_getpid));
}

CR_WRAPPER pid_t gettid(void)
{
	return AGENT_ASK(cr_sys0(SYS_gettid));
}

CR_WRAPPER pid_t getppid(void)
{
	return AGENT_ASK(cr_sys0(SYS_getppid));
}

CR_WRAPPER pid_t getpgrp(void)
{
	return AGENT_ASK(cr_sys0(SYS_getpgrp));
}

CR_WRAPPER pid_t getpgid(pid_t pid)
{
	return AGENT_ASK(agent_result(cr_sys1(SYS_getpgid, agent_real(pid))));
}

CR_WRAPPER pid_t getsid(pid_t pid)
{
	return AGENT_ASK(agent_result(cr_sys1(SYS_getsid, agent_real(pid))));
}

CR_WRAPPER pid_t setsid(void)
{
	return agent_virtual(agent_result(cr_sys0(SYS_setsid)));
}

CR_WRAPPER int setpgid(pid_t pid, pid_t group)
{
	return AGENT_RETRY(agent_result(cr_sys2(SYS_setpgid, agent_real(pid), agent_real(group))));
}

CR_WRAPPER int setpgrp(void)
{
	return AGENT_RETRY(agent_result(cr_sys2(SYS_setpgid, 0, 0)));
}

/* ---- children ---- */

/*
 * "hot" puts a function beside the library's symbol table: what a child runs first, and the pages
 * that its own first calls are looked up in, cost it one page fault together, not one each.
 */
CR_WRAPPER __attribute__((hot)) pid_t fork(void)
{
	uint64_t mask;
	bool held;
	pid_t pid;

	cr_wrappers_resolve();
	held = agent_api_hold(&mask);
	pid = AGENT_MADE(cr_real.fork());
	if (held)
		agent_api_let_go(&mask);
	return pid;
}

CR_WRAPPER __attribute__((hot)) pid_t _Fork(void)
{
	uint64_t mask;
	bool held;
	pid_t pid;

	cr_wrappers_resolve();
	held = agent_api_hold(&mask);
	pid = AGENT_MADE(cr_real._Fork());
	if (held)
		agent_api_let_go(&mask);
	return pid;
}

CR_WRAPPER int forkpty(int *fd, char *name, const struct termios *termios,
		       const struct winsize *size)
{
	cr_wrappers_resolve();
	return AGENT_MADE(cr_real.forkpty(fd, name, termios, size));
}

CR_WRAPPER pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	cr_wrappers_resolve();
	return AGENT_MADE(AGENT_RETRY(cr_real.wait4(agent_real(pid), status, options, usage)));
}

CR_WRAPPER pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

CR_WRAPPER pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

CR_WRAPPER pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

CR_WRAPPER int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	int ret;

	cr_wrappers_resolve();
	ret = AGENT_RETRY(cr_real.waitid(
		type, type == P_PID || type == P_PGID ? (id_t)agent_real(id) : id, info, options));
	if (!ret && info)
		info->si_pid = agent_virtual(info->si_pid);
	return ret;
}

/* ---- signals to others ---- */

CR_WRAPPER int kill(pid_t pid, int sig)
{
	return AGENT_RETRY(agent_result(cr_sys2(SYS_kill, agent_real(pid), sig)));
}

CR_WRAPPER int killpg(pid_t group, int sig)
{
	if (group >= 0)
		return kill(-group, sig);
	errno = EINVAL;
	return -1;
}

CR_WRAPPER int tgkill(pid_t pid, pid_t tid, int sig)
{
	return AGENT_RETRY(
		agent_result(cr_sys3(SYS_tgkill, agent_real(pid), agent_real(tid), sig)));
}

CR_WRAPPER int sigqueue(pid_t pid, int sig, const union sigval value)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_QUEUE };

	info.si_pid = cr_sys0(SYS_getpid);
	info.si_uid = cr_sys0(SYS_getuid);
	info.si_value = value;
	return AGENT_RETRY(agent_result(cr_sys3(SYS_rt_sigqueueinfo, agent_real(pid), sig, &info)));
}

/* ---- scheduling and limits ---- */

CR_WRAPPER int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	return AGENT_RETRY(
		agent_result(cr_sys3(SYS_sched_setscheduler, agent_real(pid), policy, param)));
}

CR_WRAPPER int sched_getscheduler(pid_t pid)
{
	return AGENT_RETRY(agent_result(cr_sys1(SYS_sched_getscheduler, agent_real(pid))));
}

CR_WRAPPER int sched_setparam(pid_t pid, const struct sched_param *param)
{
	return AGENT_RETRY(agent_result(cr_sys2(SYS_sched_setparam, agent_real(pid), param)));
}

CR_WRAPPER int sched_getparam(pid_t pid, struct sched_param *param)
{
	return AGENT_RETRY(agent_result(cr_sys2(SYS_sched_getparam, agent_real(pid), param)));
}

CR_WRAPPER int sched_rr_get_interval(pid_t pid, struct timespec *t)
{
	return AGENT_RETRY(agent_result(cr_sys2(SYS_sched_rr_get_interval, agent_real(pid), t)));
}

CR_WRAPPER int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	return AGENT_RETRY(
		agent_result(cr_sys3(SYS_sched_setaffinity, agent_real(pid), size, set)));
}

CR_WRAPPER int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	long ret = cr_sys3(SYS_sched_getaffinity, agent_real(pid),
			   size < 0x7fffffff ? size : 0x7fffffff, set);

	if (ret < 0)
		return agent_result(ret);
	for (size_t i = ret; i < size; i++)
		((volatile char *)set)[i] = 0;
	return 0;
}

static id_t who(int which, id_t id)
{
	return which == PRIO_PROCESS || which == PRIO_PGRP ? (id_t)agent_real(id) : id;
}

CR_WRAPPER int getpriority(__priority_which_t which, id_t id)
{
	long ret = agent_result(cr_sys2(SYS_getpriority, which, who(which, id)));

	return ret < 0 ? -1 : 20 - ret;
}

CR_WRAPPER int setpriority(__priority_which_t which, id_t id, int value)
{
	return AGENT_RETRY(agent_result(cr_sys3(SYS_setpriority, which, who(which, id), value)));
}

CR_WRAPPER int prlimit(pid_t pid, __rlimit_resource_t resource, const struct rlimit *set,
		       struct rlimit *old)
{
	return AGENT_RETRY(
		agent_result(cr_sys4(SYS_prlimit64, agent_real(pid), resource, set, old)));
}

CR_WRAPPER int prlimit64(pid_t pid, __rlimit_resource_t resource, const struct rlimit64 *set,
			 struct rlimit64 *old)
{
	return AGENT_RETRY(
		agent_result(cr_sys4(SYS_prlimit64, agent_real(pid), resource, set, old)));
}

/* ---- other processes ---- */

CR_WRAPPER ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long nlocal,
				    const struct iovec *remote, unsigned long nremote,
				    unsigned long flags)
{
	return AGENT_RETRY(agent_result(cr_sys6(SYS_process_vm_readv, agent_real(pid), local,
						nlocal, remote, nremote, flags)));
}

CR_WRAPPER ssize_t process_vm_writev(pid_t pid, const struct iovec *local, unsigned long nlocal,
				     const struct iovec *remote, unsigned long nremote,
				     unsigned long flags)
{
	return AGENT_RETRY(agent_result(cr_sys6(SYS_process_vm_writev, agent_real(pid), local,
						nlocal, remote, nremote, flags)));
}

int pidfd_open(pid_t pid, unsigned int flags);

CR_WRAPPER int pidfd_open(pid_t pid, unsigned int flags)
{
	return AGENT_RETRY(agent_result(cr_sys2(SYS_pidfd_open, agent_real(pid), flags)));
}

/* The PEEK requests give the word by the result where the kernel writes it to an address. */
CR_WRAPPER long ptrace(enum __ptrace_request request, ...)
{
	long word = 0, ret;
	void *addr, *data;
	bool peek = request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER;
	va_list ap;
	pid_t pid;

	va_start(ap, request);
	pid = va_arg(ap, pid_t);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);
	ret = agent_result(
		cr_sys4(SYS_ptrace, request, agent_real(pid), addr, peek ? (void *)&word : data));
	if (ret < 0 || !peek)
		return ret;
	errno = 0;
	return word;
}

CR_WRAPPER int prctl(int option, ...)
{
	unsigned long a[4];
	va_list ap;
	int i;

	va_start(ap, option);
	for (i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (option == PR_SET_PTRACER && (long)a[0] > 0)
		a[0] = agent_real(a[0]);
	if (option == PR_SET_SECCOMP)
		return agent_result(agent_prctl_seccomp(a[0], (const void *)a[1]));
	if (option == PR_SET_CHILD_SUBREAPER)
		cr_agent_filters.subreaper = a[0] != 0;
	return agent_result(cr_sys5(SYS_prctl, option, a[0], a[1], a[2], a[3]));
}

/* ---- clocks of processes: a negative number holds the complement of an id ---- */

static clockid_t clock_translated(clockid_t clock, bool to_real)
{
	int id = ~(clock >> 3);

	/* Those that end in binary 11 are descriptors. */
	if (!agent_ids_on || clock >= 0 || (clock & 3) == 3 || id <= 0)
		return clock;
	id = to_real ? agent_real(id) : agent_virtual(id);
	return (int)((unsigned int)~id << 3) | (clock & 7);
}

clockid_t agent_clock_real(clockid_t clock)
{
	return clock < 0 ? clock_translated(clock, true) : clock;
}

CR_WRAPPER int clock_getcpuclockid(pid_t pid, clockid_t *clock)
{
	int ret;

	cr_wrappers_resolve();
	ret = cr_real.clock_getcpuclockid(agent_real(pid), clock);
	if (!ret)
		*clock = clock_translated(*clock, false);
	return ret;
}

CR_WRAPPER int pthread_getcpuclockid(pthread_t thread, clockid_t *clock)
{
	int ret;

	cr_wrappers_resolve();
	ret = cr_real.pthread_getcpuclockid(thread, clock);
	if (!ret)
		*clock = clock_translated(*clock, false);
	return ret;
}

CR_WRAPPER int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer)
{
	struct sigevent copy;

	cr_wrappers_resolve();
	if (agent_ids_on && event && event->sigev_notify == SIGEV_THREAD_ID) {
		copy = *event;
		copy._sigev_un._tid = agent_real(event->_sigev_un._tid);
		event = &copy;
	}
	return cr_real.timer_create(clock_translated(clock, true), event, timer);
}
