// SPDX-License-Identifier: Apache-2.0
//
// crctl: what its verbs share. Each verb has a function for jobs of this user on this host and
// (or) one for the cluster.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cluster.pb.h"
#include "common/err.h"
#include "common/job_options.h"

struct cr_ctl {
	bool json, stop, follow, wait, all, help, version;
	const char *coordinator; /* NULL: jobs of this host */
	const char *of[2]; /* the job, node, pid, command that the verb is about */
	char **command; /* of run */
	struct cr_job_options job; /* of run */
	const char *node;
	const char *ssh; /* of migrate: the command */
	const char *lasts; /* of drill: how long */
	bool interactive; /* of drill */
	long since;
	bool once; /* of top */
	double delay;
	struct cr_err err;
};
