// SPDX-License-Identifier: Apache-2.0
//
// The backends that this Cairn has.
#include <string.h>

#include "restart/restart.h"
#include "shepherd/shepherd.h"

const struct cr_backend cr_backends[] = {
	{ .name = "agent",
	  .capsule = true,
	  .save = cr_agent_save,
	  .release = cr_agent_release,
	  .kill = cr_kill_job,
	  .pids = cr_tree_pids,
	  .check = cr_agent_check,
	  .restart = cr_agent_restart,
	  .go = cr_restart_go },
	{ 0 },
};

const struct cr_backend *cr_backend_named(const char *name)
{
	const struct cr_backend *b;

	for (b = cr_backends; b->name; b++)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}
