// SPDX-License-Identifier: Apache-2.0
//
// See step.h; steps have names in order of their numbers.
#include "common/step.h"

#include <string.h>

#include "common/defs.h"

static const char *const names[] = {
	[cairn_Step_STEP_NONE] = "none",	 [cairn_Step_STEP_STOPPED] = "stopped",
	[cairn_Step_STEP_SOCKETS] = "sockets",	 [cairn_Step_STEP_ENDS] = "ends",
	[cairn_Step_STEP_SAVED] = "saved",	 [cairn_Step_STEP_PLACES] = "places",
	[cairn_Step_STEP_GATES] = "gates",	 [cairn_Step_STEP_CONNECTED] = "connected",
	[cairn_Step_STEP_RESTORED] = "restored", [cairn_Step_STEP_READY] = "ready",
};

const char *cr_step_name(cairn_Step step)
{
	return (size_t)step < CR_ARRAY_SIZE(names) ? names[step] : "unknown";
}

cairn_Step cr_step_of(cairn_Step at, const char *name)
{
	size_t i;

	if (at)
		return (size_t)at < CR_ARRAY_SIZE(names) ? at : cairn_Step_STEP_NONE;
	for (i = 1; i < CR_ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return i;
	return cairn_Step_STEP_NONE;
}
