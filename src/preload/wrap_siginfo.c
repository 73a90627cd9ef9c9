// SPDX-License-Identifier: Apache-2.0
//
// What signals tell of their senders. A handler with SA_SIGINFO of a job whose ids are translated
// is called by way of catch(), which turns the sender's id first; the kernel has catch() in its
// place, images and the application never see it.
// Runs in: signal handlers; the application's threads; a restored process's main thread.
#include <string.h>

#include "common/siginfo.h"
#include "preload/agent_ids.h"
#include "preload/state.h"
#include "preload/wrap_siginfo.h"
#include "preload/wrappers.h"

/* The application's handler of each signal that the kernel gives to catch(). */
static void *_Atomic handlers[65];

void agent_siginfo_virtual(siginfo_t *info)
{
	if (agent_ids_on && cr_has_sender(info))
		info->si_pid = agent_virtual(info->si_pid);
}

void agent_siginfo_since(unsigned int life, siginfo_t *info)
{
	if (agent_ids_on && cr_has_sender(info))
		info->si_pid = agent_made(life, info->si_pid);
}

void agent_siginfo_real(siginfo_t *info)
{
	if (agent_ids_on && cr_has_sender(info))
		info->si_pid = agent_real(info->si_pid);
}

static void catch (int sig, siginfo_t *info, void *uc)
{
	void (*handler)(int, siginfo_t *, void *) = handlers[sig];

	agent_siginfo_virtual(info);
	if (handler)
		handler(sig, info, uc);
}

uint64_t agent_handler_of(int sig, uint64_t handler)
{
	return handler == (uint64_t) catch ? (uint64_t)handlers[sig] : handler;
}

static bool to_catch(const struct sigaction *act)
{
	return act->sa_flags & SA_SIGINFO && act->sa_handler != SIG_DFL &&
	       act->sa_handler != SIG_IGN;
}

int agent_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	void *before = sig > 0 && sig <= 64 ? handlers[sig] : NULL;
	struct sigaction copy;
	int ret;

	if (act && sig > 0 && sig <= 64 && to_catch(act)) {
		copy = *act;
		/* A signal in between meets the new one a moment too early. */
		handlers[sig] = act->sa_sigaction;
		copy.sa_sigaction = catch;
		act = &copy;
	}
	ret = cr_real.sigaction(sig, act, old);
	if (ret && act == &copy)
		handlers[sig] = before;
	if (!ret && old && old->sa_sigaction == catch)
		old->sa_sigaction = before;
	return ret;
}

/* With those libc compares the sender with what the kernel says that the process is. */
static bool is_libcs(int sig)
{
	return sig >= 32 && sig < CR_SIGNAL_MIN;
}

void agent_catch_handlers(void)
{
	struct {
		uint64_t handler, flags, restorer, mask;
	} a;
	int sig;

	memset(handlers, 0, sizeof(handlers));
	for (sig = 1; agent_ids_on && sig <= 64; sig++) {
		if (sig == cr_agent.config.signal || is_libcs(sig) ||
		    cr_sys4(SYS_rt_sigaction, sig, NULL, &a, 8) ||
		    a.handler <= 1 || !(a.flags & SA_SIGINFO))
			continue;
		handlers[sig] = (void *)a.handler;
		a.handler = (uint64_t) catch;
		cr_sys4(SYS_rt_sigaction, sig, &a, NULL, 8);
	}
}
