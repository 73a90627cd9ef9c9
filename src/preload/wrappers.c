// SPDX-License-Identifier: Apache-2.0
//
// The table of real functions, and the check of wrappers.def against libc's own prototypes.
// Runs in: the constructor, or the first wrapper called by a constructor before ours.
#include "preload/wrappers.h"

#include <dlfcn.h>
#include <sched.h>

#include "preload/state.h"

struct cr_real cr_real;

/* That some of them are old is the application's business. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define WRAP(result, name, parameters, why)                                                   \
	_Static_assert(__builtin_types_compatible_p(__typeof__(&name), result(*) parameters), \
		       #name " is not what libc declares");
#define OWN WRAP
#define CALL(result, name, parameters) WRAP(result, name, parameters, )
#include "preload/wrappers.def"
#undef CALL
#undef WRAP
#undef OWN

void cr_wrappers_look_up(void)
{
#define OWN(result, name, parameters, why)
#define WRAP(result, name, parameters, why) cr_real.name = dlsym(RTLD_NEXT, #name);
#define CALL(result, name, parameters) WRAP(result, name, parameters, )
#include "preload/wrappers.def"
#undef CALL
#undef WRAP
#undef OWN
	cr_real.clone = dlsym(RTLD_NEXT, "clone");
}

int cr_signal_block(void)
{
	uint64_t set, old = 0;

	if (!cr_agent.active)
		return 1;
	set = agent_signal_bit();
	cr_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &set, &old, sizeof(set));
	return !!(old & set);
}

void cr_signal_restore(int was_blocked)
{
	uint64_t set = cr_agent.active ? agent_signal_bit() : 0;

	if (set && !was_blocked)
		cr_sys4(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, sizeof(set));
}
