// SPDX-License-Identifier: Apache-2.0
//
// The backends that this Cairn has.
#include <string.h>

#include "container/backend.h"
#include "criu/criu.h"
#include "restart/restart.h"
#include "shepherd/shepherd.h"

/* Containers, by their runtime's own program. */
#define CONTAINER(name_, probe_)                                                    \
	{                                                                           \
		.name = name_, .probe = probe_, .attach = cr_container_attach,      \
		.save = cr_container_save, .release = cr_container_release,         \
		.kill = cr_container_kill, .pids = cr_root_pids,                    \
		.ended = cr_container_ended, .check = cr_container_check,           \
		.restart = cr_container_restart                                     \
	}

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
	CONTAINER("podman", cr_podman_probe),
	CONTAINER("runc", cr_runc_probe),
	{ .name = "criu",
	  .capsule = true,
	  .probe = cr_criu_probe,
	  .save = cr_criu_save,
	  .release = cr_criu_release,
	  .attach = cr_criu_attach,
	  .kill = cr_criu_kill,
	  .pids = cr_criu_pids,
	  .check = cr_criu_check,
	  .restart = cr_criu_restart },
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
