// SPDX-License-Identifier: Apache-2.0
//
// --fence-command: run once with a silent node's name and address; status 0 vouches that the
// node is off, and nobody waits for its lease. Whatever else it does changes nothing.
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "coordinator/events.h"
#include "coordinator/fence.h"
#include "coordinator/nodes.h"

void co_fence_command(struct co_node *n)
{
	const char *command = n->c->options.fence_command;
	char *argv[] = { "sh", "-c", NULL, "fence", n->hello.name, n->hello.addresses[0], NULL };
	char line[4200];
	posix_spawnattr_t attr;
	sigset_t none;
	int error;

	if (!command || n->fence_pid)
		return;
	snprintf(line, sizeof(line), "%.4096s \"$@\"", command);
	argv[2] = line;
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	error = posix_spawn(&n->fence_pid, "/bin/sh", NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (error)
		n->fence_pid = 0;
	co_event(n->c, "fence", NULL, n, -1, "%s", error ? strerror(error) : command);
}

void co_fence_done(struct co *c)
{
	int status;
	size_t i;

	for (i = 0; i < c->nodes.n; i++) {
		struct co_node *n = c->nodes.v[i];

		if (!n->fence_pid || waitpid(n->fence_pid, &status, WNOHANG) != n->fence_pid)
			continue;
		n->fence_pid = 0;
		if (!status && n->silent)
			co_node_dead(n, "switched off by the fence command");
		else if (status)
			co_event(c, "fence", NULL, n, -1, "the fence command failed (%s %d)",
				 WIFEXITED(status) ? "status" : "signal",
				 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	}
}
