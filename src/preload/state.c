// SPDX-License-Identifier: Apache-2.0
//
// What the agent's parts share, by itself, so that none of them needs another for it.
#include "preload/state.h"

struct agent cr_agent;
__thread struct agent_wait cr_wait;

struct cr_filter_state cr_agent_filters
	__attribute__((visibility("default"), used)) = { .magic = CR_FILTER_MAGIC };
