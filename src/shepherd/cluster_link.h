// SPDX-License-Identifier: Apache-2.0
//
// The shepherd of a member of a cluster's job: its link to the node's crnode, its lease, and what
// it does together with the other members. Everything here does nothing for a job that is alone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cluster.pb.h"
#include "image.pb.h"
#include "common/defs.h"
#include "common/gather.h"
#include "net/client.h"

struct cr_shepherd;
struct cr_checkpoint;
struct cr_options;
struct event;

/* JOB:MEMBER:EPOCH:COURSE: what crnode sets for crlaunch and crrestart, and they for the job. */
#define CR_ENV_START "CR_START"
#define CR_ENV_MEMBER "CR_MEMBER"

struct cr_cluster {
	struct cr_gather gather; /* for the objects */
	struct cr_shepherd *sh;
	bool active; /* it is a member of a cluster's job */
	int fd; /* to crnode; -1: it is away, and tried again */
	cairn_MemberId id;
	uint32_t operation; /* that we take part in, 0: none */
	uint32_t number; /* of its checkpoint */
	int64_t lease_until; /* by cr_host_boottime_ns() */
	const struct cr_lease_page *page; /* where crnode notes it, or NULL */
	uint64_t generation; /* of the page, when we began */
	bool fenced; /* it has passed */
	bool aborted; /* the operation, by somebody else */
	bool cut_off; /* since crnode went away, which nobody else knows */
	int64_t told_ns; /* how large the job's processes are here, the last time */
	uint64_t asks; /* requests that we have made */
	uint64_t asked; /* id of our request for a checkpoint, 0: none */
	bool finished; /* the operation is committed everywhere: a job that was to stop, may */
	/*
	 * What became of an operation while crnode was away, for when it is back; operation 0:
	 * nothing.
	 */
	cairn_MemberEvent written;
	cairn_Abort failed;
	struct cr_err why; /* it was */
	char socket[CR_CLIENT_PATH]; /* of crnode */
	char directory[1024];
	struct event *link_event, *lease_event, *retry_event;
	uint64_t oom_kills[2]; /* on this host, when the lease was renewed, the last time but one */
	int lease_fd; /* a timerfd: libevent's clock stands still while a machine is suspended */
	cairn_ClusterMsg in, out;
};

/* When the loop begins: it runs. */
void cr_cluster_begin(struct cr_cluster *c);

/* Tells the coordinator; sets id and operation itself. False if crnode is away. */
bool cr_cluster_tell(struct cr_cluster *c, cairn_MemberEvent *event);

/* Asks the coordinator for a checkpoint of the job; cr_asks_told() has its answer. */
int cr_cluster_ask(struct cr_cluster *c, struct cr_err *err);

/* A checkpoint or restart that we take part in has failed here. */
void cr_cluster_failed(struct cr_cluster *c, const struct cr_err *err);

/*
 * Reads what is there; whether the lease has passed, or the operation was given up: err says why.
 */
int cr_cluster_check(struct cr_cluster *c, struct cr_err *err);

/* Everyone has come to a step; nothing to wait for where there is no cluster. */
int cr_cluster_barrier(struct cr_cluster *c, cairn_Step step, struct cr_err *err);

/* Memory that a writer has stored: copies of it may go out already. */
void cr_cluster_pieces(struct cr_cluster *c, const cairn_PageRuns *runs);

/* A checkpoint of ours has ended, committed or not; findings are told if it was a check. */
void cr_cluster_finished(struct cr_cluster *c, struct cr_checkpoint *k);

/* The last process has ended: says so, waiting for crnode for some seconds if it is away. */
void cr_cluster_end(struct cr_cluster *c, int status, bool signaled);

void cr_cluster_init(struct cr_cluster *c, struct cr_shepherd *sh);
