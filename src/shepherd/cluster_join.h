// SPDX-License-Identifier: Apache-2.0
//
// How a shepherd becomes a member of a cluster's job.
#pragma once

#include <stdbool.h>

struct cr_cluster;
struct cr_err;
struct cr_shepherd;

/* Whether crnode has started us as a member: reads CR_START, and takes it away the first time. */
bool cr_cluster_named(struct cr_cluster *c);

/* A new job, or a new member of the job in join, by the node's crnode. Fills sh->name and more. */
int cr_cluster_join(struct cr_cluster *c, struct cr_shepherd *sh, char **argv, struct cr_err *err);

/* The member that crnode has started: asks who it is. */
int cr_cluster_report(struct cr_cluster *c, struct cr_shepherd *sh, struct cr_err *err);

/* This restart has failed before anybody was told who we are. */
void cr_cluster_refuse(struct cr_cluster *c, struct cr_shepherd *sh, const struct cr_err *err);

/* For the processes of the job. */
void cr_cluster_environment(const struct cr_cluster *c);
