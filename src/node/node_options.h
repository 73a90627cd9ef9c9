// SPDX-License-Identifier: Apache-2.0
//
// Options of crnode.
#pragma once

#include <stdbool.h>

#include "common/args.h"
#include "net/link.h"
#include "net/trust.h"

struct cr_node_options {
	struct cr_arg_list coordinators; /* each may be several, divided by commas */
	struct cr_arg_list labels, addresses;
	const char *name, *store, *socket, *image_listen, *preempt_file, *host_root;
	struct cr_trust_files trust;
	long rate; /* bytes per second, 0: no limit */
	double drain_timeout;
	int notice; /* enum cr_notice_from */
	const char *notice_address;
	double notice_poll;
	long ready_fd;
	int log; /* enum cr_log_form */
	unsigned long user_connections, user_requests, user_bytes; /* of one user */
	bool allow_drills, help, version;
};

/* 0, or CR_EXIT_USAGE. */
int cr_node_options(struct cr_node_options *o, int argc, char **argv, struct cr_err *err);
void cr_node_usage(void);
