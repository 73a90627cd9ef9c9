// SPDX-License-Identifier: Apache-2.0
//
// What every program that begins a job can be told of it: crlaunch, crctl run, crctl attach and, of
// what holds after a restart, crrestart. The policy is the coordinator's message itself: a policy
// is one row in job_options.c, which says all of it, and a field of Policy in cluster.proto.
#pragma once

#include "cluster.pb.h"
#include "common/args.h"
#include "common/backend_kind.h"

struct cr_job_options {
	const char *name;
	enum cr_backend_kind backend; /* unsaid: auto, and nothing is told of it */
	long nodes; /* members to start; 0: not said */
	double mtbf; /* mean time between failures, seconds */
	cairn_Policy policy; /* its interval may be CR_PACE_AUTO: cr_job_policy() */
};

#define CR_FOR_LAUNCH 1u
#define CR_FOR_RESTART 2u
#define CR_FOR_ATTACH 4u /* options may stand behind what is attached */
#define CR_FOR_RUN 8u
#define CR_FOR_OTHERS 16u /* the first bit for further verbs */

/* Of struct cr_job_options. What is kept is in cairn_Job. */
extern const struct cr_arg cr_job_rows[];
extern const size_t cr_job_rows_n;

/* As the coordinator is to be told: with what holds in a cluster if nothing else was said. */
void cr_job_policy(const struct cr_job_options *o, cairn_Policy *to);
/* Of one of whom nothing was said. */
void cr_policy_default(cairn_Policy *to);
