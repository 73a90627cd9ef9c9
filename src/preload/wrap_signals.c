// SPDX-License-Identifier: Apache-2.0
//
// Signal calls of the application: the agent's signal stays unblocked and handled, while the
// application sees the mask and action that it has set.
// Runs in: the application's threads, at any place where libc's functions may be called, signal
// handlers included.
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>

#include "preload/agent_ids.h"
#include "preload/interrupt.h"
#include "preload/readable.h"
#include "preload/state.h"
#include "preload/wrap_clocks.h"
#include "preload/wrap_io_uring.h"
#include "preload/wrap_siginfo.h"
#include "preload/wrap_signals.h"
#include "preload/wrappers.h"

/* What the application believes. */
static __thread bool believes_blocked
	__attribute__((tls_model("initial-exec"))); /* the agent's signal, in this thread */
static struct sigaction own_action; /* of the agent's signal */
static uint64_t masks_with_signal; /* bit n-1: the application's action of n blocks it */

static bool wrap_signals_ours(int sig)
{
	return cr_agent.active && sig == cr_agent.config.signal;
}

/* A copy without the agent's signal, or the set itself when there is nothing to take out. */
static const sigset_t *without(const sigset_t *set, sigset_t *copy)
{
	if (!set || !cr_agent.active || !agent_readable(set, 8) ||
	    sigismember(set, cr_agent.config.signal) != 1)
		return set;
	/* No more than the kernel would read. */
	sigemptyset(copy);
	memcpy(copy, set, 8);
	sigdelset(copy, cr_agent.config.signal);
	return copy;
}

bool agent_application_signal(int sig, siginfo_t *info, void *uc)
{
	struct sigaction action = own_action;

	if (believes_blocked || action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL)
		return false;
	if (action.sa_flags & SA_RESETHAND)
		own_action.sa_handler = SIG_DFL;
	if (action.sa_flags & SA_SIGINFO)
		action.sa_sigaction(sig, info, uc);
	else
		action.sa_handler(sig);
	return true;
}

/* Whoever installs one by a system call of its own may have taken the agent's place too. */
static void note_handler(int sig)
{
	if (sig > 0 && sig <= 64)
		__atomic_fetch_or(&cr_agent_filters.handlers, 1ull << (sig - 1), __ATOMIC_RELAXED);
}

/* As the kernel has it. */
struct kernel_action {
	uint64_t handler, flags, restorer, mask;
};

/* Pointers of the application's, as the kernel would use them. */
static bool copy(long to, const void *from, size_t len, long nr)
{
	struct iovec here = { (void *)from, len }, there = { (void *)to, len };

	return cr_sys6(nr, cr_sys0(SYS_getpid), &here, 1, &there, 1, 0) == (long)len;
}

long agent_rt_sigaction(long sig, long act, long old, long size)
{
	struct kernel_action new, was = { (uint64_t)own_action.sa_handler, own_action.sa_flags,
					  (uint64_t)own_action.sa_restorer, 0 };

	if (!wrap_signals_ours(sig) || size != 8) {
		note_handler(sig);
		return 1;
	}
	memcpy(&was.mask, &own_action.sa_mask, sizeof(was.mask));
	if (act && !copy(act, &new, sizeof(new), SYS_process_vm_readv))
		return -EFAULT;
	if (act) {
		own_action.sa_handler = (__sighandler_t)new.handler;
		own_action.sa_flags = new.flags;
		own_action.sa_restorer = (void (*)(void))new.restorer;
		memcpy(&own_action.sa_mask, &new.mask, sizeof(new.mask));
	}
	return old && !copy(old, &was, sizeof(was), SYS_process_vm_writev) ? -EFAULT : 0;
}

CR_WRAPPER int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction copy;
	uint64_t bit = sig > 0 && sig <= 64 ? 1ull << (sig - 1) : 0;
	bool had = __atomic_load_n(&masks_with_signal, __ATOMIC_RELAXED) & bit, has = false;
	int ret;

	cr_wrappers_resolve();
	if (wrap_signals_ours(sig)) {
		if (old)
			*old = own_action;
		if (act)
			own_action = *act;
		return 0;
	}
	if (act && cr_agent.active && sigismember(&act->sa_mask, cr_agent.config.signal) == 1) {
		has = true;
		copy = *act;
		sigdelset(&copy.sa_mask, cr_agent.config.signal);
		act = &copy;
	}
	if (agent_ids_on)
		ret = agent_sigaction(sig, act, old);
	else
		ret = cr_real.sigaction(sig, act, old);
	if (ret)
		return ret;
	note_handler(sig);
	if (old && had)
		sigaddset(&old->sa_mask, cr_agent.config.signal);
	if (act && has)
		__atomic_fetch_or(&masks_with_signal, bit, __ATOMIC_RELAXED);
	else if (act && had)
		__atomic_fetch_and(&masks_with_signal, ~bit, __ATOMIC_RELAXED);
	return 0;
}

CR_WRAPPER __sighandler_t signal(int sig, __sighandler_t handler)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	cr_wrappers_resolve();
	if (!wrap_signals_ours(sig))
		return note_handler(sig), cr_real.signal(sig, handler);
	return sigaction(sig, &act, &old) ? SIG_ERR : old.sa_handler;
}

/* ---- older names for them ---- */

static __sighandler_t install(int sig, __sighandler_t handler, int flags)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = flags }, old;

	return sigaction(sig, &act, &old) ? SIG_ERR : old.sa_handler;
}

CR_WRAPPER __sighandler_t __sysv_signal(int sig, __sighandler_t handler)
{
	return install(sig, handler, SA_RESETHAND | SA_NODEFER);
}

CR_WRAPPER __sighandler_t sysv_signal(int sig, __sighandler_t handler)
{
	return __sysv_signal(sig, handler);
}

CR_WRAPPER __sighandler_t bsd_signal(int sig, __sighandler_t handler)
{
	return signal(sig, handler);
}

CR_WRAPPER __sighandler_t ssignal(int sig, __sighandler_t handler)
{
	return signal(sig, handler);
}

CR_WRAPPER int sigignore(int sig)
{
	return install(sig, SIG_IGN, 0) == SIG_ERR ? -1 : 0;
}

CR_WRAPPER __sighandler_t sigset(int sig, __sighandler_t handler)
{
	__sighandler_t old = SIG_HOLD;
	sigset_t set, before;
	bool hold = handler == SIG_HOLD;

	sigemptyset(&set);
	if (sig < 1 || sig > 64) {
		errno = EINVAL;
		return SIG_ERR;
	}
	sigaddset(&set, sig);
	if (!hold && (old = install(sig, handler, 0)) == SIG_ERR)
		return SIG_ERR;
	if (sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, &before))
		return SIG_ERR;
	if (sigismember(&before, sig))
		return SIG_HOLD;
	if (hold) {
		struct sigaction now;

		return sigaction(sig, NULL, &now) ? SIG_ERR : now.sa_handler;
	}
	return old;
}

static int change_mask(int (*real)(int, const sigset_t *, sigset_t *), int how, const sigset_t *set,
		       sigset_t *old)
{
	bool believed = believes_blocked, named = false;
	sigset_t copy;
	int ret;

	if (!cr_agent.active)
		return real(how, set, old);
	if (set)
		named = sigismember(set, cr_agent.config.signal) == 1;
	ret = real(how, without(set, &copy), old);
	if (ret)
		return ret;
	if (old && believed)
		sigaddset(old, cr_agent.config.signal);
	if (set && how == SIG_SETMASK)
		believes_blocked = named;
	else if (named)
		believes_blocked = how == SIG_BLOCK;
	return 0;
}

CR_WRAPPER int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	cr_wrappers_resolve();
	return change_mask(cr_real.sigprocmask, how, set, old);
}

CR_WRAPPER int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	cr_wrappers_resolve();
	return change_mask(cr_real.pthread_sigmask, how, set, old);
}

CR_WRAPPER int sigsuspend(const sigset_t *set)
{
	sigset_t copy;

	cr_wrappers_resolve();
	return cr_real.sigsuspend(without(set, &copy));
}

CR_WRAPPER int sigwait(const sigset_t *set, int *sig)
{
	sigset_t copy;

	cr_wrappers_resolve();
	return cr_real.sigwait(without(set, &copy), sig);
}

/* Taken from the kernel before a restart or after it. */
static int waited_for(unsigned int life, siginfo_t *info, int sig)
{
	if (sig > 0 && info)
		agent_siginfo_since(life, info);
	return sig;
}

CR_WRAPPER int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	unsigned int life = agent_life;
	sigset_t copy;

	cr_wrappers_resolve();
	return waited_for(life, info, cr_real.sigwaitinfo(without(set, &copy), info));
}

CR_WRAPPER int signalfd(int fd, const sigset_t *set, int flags)
{
	sigset_t copy;

	cr_wrappers_resolve();
	return cr_real.signalfd(fd, without(set, &copy), flags);
}

CR_WRAPPER int pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout,
		       const sigset_t *set)
{
	sigset_t copy;

	cr_wrappers_resolve();
	return cr_real.pselect(n, r, w, e, timeout, without(set, &copy));
}

CR_WRAPPER int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		     const sigset_t *set)
{
	sigset_t copy;

	cr_wrappers_resolve();
	return cr_real.ppoll(fds, n, timeout, without(set, &copy));
}

/* ---- the same, with a timeout to remember ---- */

static void wrap_signals_remember(long nr, const struct timespec *timeout)
{
	cr_wait.deadline_ns = agent_now_ns() + timeout->tv_sec * 1000000000ll + timeout->tv_nsec;
	cr_wait.nr = nr;
}

/* Timeouts beyond what fits a deadline are as good as none; a bad pointer is the kernel's. */
static bool worth(const struct timespec *t)
{
	return cr_agent.active && t && agent_readable(t, sizeof(*t)) &&
	       (t->tv_sec || t->tv_nsec) && t->tv_sec >= 0 && t->tv_sec < 1000000000;
}

static struct timespec from_ms(int ms)
{
	if (ms < 0)
		return (struct timespec){ 0, 0 };
	return (struct timespec){ ms / 1000, ms % 1000 * 1000000l };
}

#define WITH_TIMEOUT(number, t, call)                     \
	({                                                \
		bool worth_ = worth(t);                   \
		__typeof__(call) ret_;                    \
		if (worth_)                               \
			wrap_signals_remember(number, t); \
		ret_ = call;                              \
		if (worth_)                               \
			cr_wait.nr = 0;                   \
		ret_;                                     \
	})

CR_WRAPPER int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	unsigned int life = agent_life;
	sigset_t copy;

	cr_wrappers_resolve();
	set = without(set, &copy);
	return waited_for(life, info,
			  WITH_TIMEOUT(SYS_rt_sigtimedwait, timeout,
				       cr_real.sigtimedwait(set, info, timeout)));
}

CR_WRAPPER int epoll_pwait(int fd, struct epoll_event *events, int n, int ms, const sigset_t *set)
{
	struct timespec t = from_ms(ms);
	sigset_t copy;

	cr_wrappers_resolve();
	set = without(set, &copy);
	return WITH_TIMEOUT(SYS_epoll_pwait, &t, cr_real.epoll_pwait(fd, events, n, ms, set));
}

CR_WRAPPER int epoll_pwait2(int fd, struct epoll_event *events, int n,
			    const struct timespec *timeout, const sigset_t *set)
{
	sigset_t copy;

	cr_wrappers_resolve();
	set = without(set, &copy);
	return WITH_TIMEOUT(SYS_epoll_pwait2, timeout,
			    cr_real.epoll_pwait2(fd, events, n, timeout, set));
}

CR_WRAPPER int poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec t = from_ms(ms);

	cr_wrappers_resolve();
	return WITH_TIMEOUT(SYS_poll, &t, cr_real.poll(fds, n, ms));
}

/* What programs built with _FORTIFY_SOURCE call. */
CR_WRAPPER int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t len)
{
	if (len / sizeof(*fds) < n)
		__builtin_trap();
	return poll(fds, n, ms);
}

CR_WRAPPER int epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	struct timespec t = from_ms(ms);

	cr_wrappers_resolve();
	return WITH_TIMEOUT(SYS_epoll_wait, &t, cr_real.epoll_wait(fd, events, n, ms));
}

CR_WRAPPER int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t,
			       struct timespec *rest)
{
	cr_wrappers_resolve();
	/* An absolute time needs no help, and time of a process's own is not monotonic time. */
	if (flags & TIMER_ABSTIME || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME))
		return agent_clock_nanosleep(clock, flags, t, rest);
	return WITH_TIMEOUT(SYS_clock_nanosleep, t, cr_real.clock_nanosleep(clock, flags, t, rest));
}

/* libc's nanosleep and usleep are this very call. */
CR_WRAPPER int nanosleep(const struct timespec *t, struct timespec *rest)
{
	int ret = clock_nanosleep(CLOCK_REALTIME, 0, t, rest);

	if (ret)
		errno = ret;
	return ret ? -1 : 0;
}

CR_WRAPPER int usleep(useconds_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000l };

	return nanosleep(&t, NULL);
}

CR_WRAPPER int semtimedop(int id, struct sembuf *ops, size_t n, const struct timespec *timeout)
{
	cr_wrappers_resolve();
	return WITH_TIMEOUT(SYS_semtimedop, timeout,
			    cr_real.semtimedop(agent_real_of(CR_ID_SEM, id), ops, n, timeout));
}

/* The calls of agent_timeout(), by number: syscall() sends them through here. */
#define BIT(nr) (1ull << (nr) % 64)
const uint64_t agent_syscall_timed_set[8] __attribute__((visibility("hidden"), used)) = {
	BIT(SYS_poll) | BIT(SYS_nanosleep),
	0,
	BIT(SYS_rt_sigtimedwait),
	BIT(SYS_futex) | BIT(SYS_io_getevents) | BIT(SYS_semtimedop) | BIT(SYS_clock_nanosleep) |
		BIT(SYS_epoll_wait),
	BIT(SYS_epoll_pwait),
	BIT(SYS_io_pgetevents),
	BIT(SYS_epoll_pwait2),
};

__attribute__((used)) long agent_syscall_timed(long nr, long a0, long a1, long a2, long a3, long a4,
					       long a5)
{
	long args[6] = { a0, a1, a2, a3, a4, a5 }, ret;
	struct timespec t;
	bool has = cr_agent.active && agent_timeout(nr, args, &t);

	if (has)
		wrap_signals_remember(nr, &t);
	ret = agent_syscall_plain(nr, a0, a1, a2, a3, a4, a5);
	if (has)
		cr_wait.nr = 0;
	return ret;
}
