// SPDX-License-Identifier: Apache-2.0
//
// The backends that this Cairn has.
#include <string.h>

#include "container/container.h"
#include "container/container_restart.h"
#include "criu/criu_attach.h"
#include "criu/criu_backend.h"
#include "criu/dump.h"
#include "criu/restore.h"
#include "restart/examine.h"
#include "restart/restart.h"
#include "restart/restart_tree.h"
#include "shepherd/agent_save.h"
#include "shepherd/pids.h"
#include "shepherd/run.h"
#include "shepherd/shepherd.h"
#include "tools/backends.h"

/* Containers, by their runtime's own program. */
#define CONTAINER(kind_, name_, probe_)                                             \
	{                                                                           \
		.kind = kind_, .name = name_, .probe = probe_,                      \
		.attach = cr_container_attach,                                      \
		.stages = cr_container_stages,                                      \
		.kill = cr_container_kill, .pids = cr_root_pids,                    \
		.ended = cr_container_ended, .check = cr_container_check,           \
		.restart = cr_container_restart_stages                              \
	}

const struct cr_backend cr_backends[] = {
	{ .kind = CR_BACKEND_AGENT,
	  .name = "agent",
	  .sandbox = true,
	  .stages = cr_agent_stages,
	  .kill = cr_kill_job,
	  .pids = cr_tree_pids,
	  .check = cr_agent_check,
	  .restart = cr_agent_restart_stages,
	  .go = cr_restart_go },
	CONTAINER(CR_BACKEND_PODMAN, "podman", cr_podman_probe),
	CONTAINER(CR_BACKEND_RUNC, "runc", cr_runc_probe),
	{ .kind = CR_BACKEND_CRIU,
	  .name = "criu",
	  .sandbox = true,
	  .probe = cr_criu_probe,
	  .stages = cr_criu_stages,
	  .attach = cr_criu_attach,
	  .kill = cr_criu_kill,
	  .pids = cr_criu_pids,
	  .check = cr_criu_check,
	  .restart = cr_criu_restart_stages },
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

const struct cr_backend *cr_backend_of(enum cr_backend_kind kind)
{
	return cr_backend_named(cr_backend_word(kind));
}
