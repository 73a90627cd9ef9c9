// SPDX-License-Identifier: Apache-2.0
//
// crlaunch --nodes: members that the cluster starts on nodes of its choice.
#pragma once

struct cr_err;
struct cr_options;

/*
 * argv from options to the command, which begins at first. Waits for the job's end, unless it is to
 * be detached. The job's status, or -errno with err.
 */
int cr_launch_nodes(const struct cr_options *o, const char *name, char **argv, int first,
		    struct cr_err *err);
