// SPDX-License-Identifier: Apache-2.0
//
// Options of crcoordinator.
#pragma once

#include <stdbool.h>

#include "net/link.h"
#include "net/trust.h"

struct cr_coordinator_options {
	const char *init, *listen, *state, *name, *fence_command, *http, *http_cert, *http_key,
		*http_host;
	struct cr_trust_files trust;
	const char *evacuate; /* NULL: jobs stay until their node is lost */
	double evacuate_margin, evacuate_cooldown, evacuate_window;
	bool evacuate_dry_run;
	double lease, heartbeat;
	long ready_fd;
	int log; /* enum cr_log_form */
	unsigned long user_connections, user_members, user_bytes; /* of one user */
	double user_starts;
	bool help, version;
};

int cr_coordinator_options(struct cr_coordinator_options *o, int argc, char **argv,
			   struct cr_err *err);
void cr_coordinator_usage(void);
