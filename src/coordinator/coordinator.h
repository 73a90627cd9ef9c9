// SPDX-License-Identifier: Apache-2.0
//
// What the coordinator knows, and which file does what with it. One thread, one libevent loop.
//
// What happens changes facts only, here and in the database, and marks jobs dirty: co_job_dirty().
// What is done about it is decided by co_reconcile() (reconcile.c), of one job at a time, never
// from within an event.
//
// Invariants:
// - The database is the truth; all of this is a mirror of it, and what nodes tell again anyhow
//   (who is there, which images they have) is only here.
// - Nothing leaves this process before the decisions it rests upon are durable: every message goes
//   out through co_send(), which commits what has been written first. So one that dies at any
//   instant has told nobody of what it does not find again.
// - A member lives in one epoch on one node. Nobody starts a member before all members of the job's
//   earlier epochs have been reported dead or their node's lease has ended.
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cluster.pb.h"
#include "common/err.h"
#include "common/io.h"
#include "coordinator/detector.h"
#include "coordinator/leases.h"
#include "coordinator/coordinator_options.h"

#define CO_NODE sizeof(((cairn_Hello *)0)->name)
#define CO_NAME sizeof(((cairn_JobRow *)0)->name)
#define CO_TICK_MS 50
#define CO_FOREVER INT64_MAX

struct co;
struct co_beat;
struct co_beats;
struct co_http;
struct co_job;
struct co_db;
struct co_node;
struct co_outlook;
struct co_prevention;
struct co_telemetry;
struct cr_link;
struct cr_listener;
struct cr_shared;
struct cr_trust;
struct cr_users;

/* A connection: of a node, or of a user of this host. */
struct co_session {
	struct co_session *next;
	struct co *c;
	struct cr_link *link;
	struct co_node *node; /* NULL: not said Hello, or local */
	/* The command that the node has from us and keeps for other members; job 0: none. */
	uint64_t kept_job;
	unsigned int kept_member;
	uint64_t id;
	bool local;
	/* Without a link: who asks within this process, and hears the answers. */
	void (*told)(struct co_session *s, const cairn_Reply *r);
	void *told_arg;
	uint64_t beats_of; /* it is for the heartbeats of that session, and will be handed over */
	struct co_beat *beat; /* of a node's: the link for its heartbeats */
	uid_t uid;
	gid_t gid;
};

/* Whom to answer. The session may have gone. */
struct co_asker {
	uint64_t session; /* 0: nobody */
	uint64_t id;
	uid_t uid;
	gid_t gid;
};

/* Where images lie. Nodes that share a directory share this. */
struct co_store {
	uint64_t id;
	unsigned int up; /* nodes of it whose lease lasts */
	unsigned int generation; /* of its inventory */
};

struct co_node {
	struct co *c;
	unsigned int index;
	cairn_Hello hello;
	struct co_store *store;
	struct co_session *session; /* NULL: not connected */
	bool known; /* has said Hello since we run, or is of the database */
	bool up; /* its lease lasts, as far as we know */
	bool told; /* all members and images since its Hello */
	bool draining; /* by an operator: durable */
	bool leaving; /* by itself */
	int64_t deadline_ms; /* its machine ends then, 0: there is time */
	int64_t full_ms; /* when it could not take an image */
	bool silent; /* for longer than a lease */
	int64_t beat_ms; /* newest heartbeat */
	int64_t heard_ns; /* the newest that the detector was told of */
	int64_t back_ms; /* it said that it will be back within: so long is its lease. Durable */
	struct cr_detector detector;
	bool vouches; /* it has answered as a quorum peer does */
	pid_t fence_pid; /* of the fence command, 0: none */
	struct co_asker asker; /* waits until it is drained */
	struct co_asker driller; /* waits until a drill has begun there */
	unsigned int load_percent, live; /* live: members of any job */
	struct co_telemetry *telemetry; /* NULL: it has told none */
	int64_t stuck_ms; /* when it was told that a job should go and none can, 0: not so */
};

/* Why a job goes back: its own fault counts against --max-restarts. */
enum co_cause { CO_OWN_FAULT, CO_NODE_FAULT, CO_ASKED };

enum co_life {
	CO_NONE, /* not a member, or one that has ended normally */
	CO_STARTING,
	CO_RUNNING,
	CO_DYING, /* told to end */
	CO_DEAD, /* to be started again */
};

struct co_member {
	struct co_job *job;
	unsigned int number, epoch;
	struct co_node *node;
	enum co_life life;
	bool commanded; /* the database has a command to start it with */
	bool added; /* by another member: a fresh start of the job is without it */
	bool here; /* told by its node since that connected */
	bool start_sent; /* in this session of its node */
	struct co_node *wish; /* it was asked for there, and has not been anywhere yet */
	struct co_node *home; /* it is being moved, and was there before */
	int status;
	unsigned int processes;
	uint64_t rss_bytes;
	/* of the operation */
	bool takes_part, arrived, finished;
	bool ordered; /* told to take part, in this session of its node */
	void *payload;
	size_t len;
	struct co_asker asker; /* told when it ends */
};

struct co_holding {
	struct co_store *store;
	cairn_HoldingState state;
	unsigned int generation; /* of the inventory that named it last */
	uint64_t bytes;
	bool ordered; /* a Ship to it is on its way */
	int64_t failed_ms; /* when that did not work out; 0: it has not been so */
	struct co_store *from;
};

struct co_image {
	bool there; /* the member is in this checkpoint */
	bool enough; /* held by as many as are asked for */
	CR_LIST(struct co_holding) holdings;
};

enum co_image_state { CO_WRITING, CO_SAVED, CO_COMMITTED };

struct co_checkpoint {
	struct co_checkpoint *next; /* older */
	unsigned int number;
	enum co_image_state state;
	cairn_Intent intent;
	int64_t at; /* CLOCK_REALTIME ms */
	size_t n; /* images, by member number */
	struct co_image *images;
	unsigned int missing; /* images that are not held by enough */
	uint64_t stall_ns, wall_ns; /* 0: of a life before */
};

struct co_operation {
	bool active;
	cairn_Intent intent;
	unsigned int id, number;
	cairn_Step step; /* STEP_NONE: nobody has come to the next */
	unsigned int members, arrived, finished;
	bool saved;
	bool failed; /* it is to be given up: with status, why */
	int status;
	char why[768];
	int64_t progress_ms;
	struct co_asker asker;
};

/* What has last been told to all, for those who did not get it. */
struct co_told {
	unsigned int operation;
	cairn_Step step;
	struct cr_shared *payload;
};

enum co_state {
	CO_JOB_STARTING,
	CO_JOB_RUNNING,
	CO_JOB_ENDING, /* all members are being killed; then: after */
	CO_JOB_WAITING, /* all dead; no node fits, or an image is not there */
	CO_JOB_SHIPPING, /* images go where members will start */
	CO_JOB_RESTARTING, /* a restart's operation */
	CO_JOB_STOPPED,
	CO_JOB_ENDED,
	CO_JOB_FAILED,
	CO_JOB_LOST,
	CO_JOB_FORGOTTEN, /* kept for nodes that come back with images of it; shown to nobody */
	CO_JOB_STATES,
};

/* A request that waits for its turn. */
struct co_ask {
	struct co_ask *next;
	struct co_asker asker;
	cairn_Request q;
	void *payload;
	size_t len;
	struct co_node *node; /* from where */
};

struct co_waiter {
	struct co_asker asker;
	cairn_Ask ask;
	bool start; /* of ASK_RUN: not for its end */
};

struct co_avoided {
	struct co_node *node;
	int64_t until_ms;
};

/* Something has happened that the job cannot go on with as it is; the first thing counts. */
struct co_fault {
	bool is;
	enum co_cause cause;
	bool final; /* it could not even be started, with status: not tried again */
	int status;
	char why[256];
};

/* Somebody wants it ended, or begun again: CO_JOB_WAITING. */
struct co_want {
	bool is;
	enum co_state after;
	char why[256];
};

/*
 * Members go to other nodes though nothing has failed: those that have a home. A copy of what does
 * not change any more could go ahead while the job runs: at MOVE_AHEAD, before it is stopped.
 */
struct co_move {
	cairn_MoveStage stage; /* MOVE_NONE: none is on */
	int member; /* as was asked: a number, or one of move.h */
	struct co_node *to; /* NULL: anywhere but where each is */
	unsigned int number; /* the checkpoint */
	char why[128]; /* somebody wants that */
	int64_t stopped_ms, saved_ms, started_ms; /* when, 0: has not come to that */
	int status; /* of one that has failed, */
	char error[512]; /* and why */
	struct co_asker asker;
};

#define CO_BUCKETS 9
struct co_histogram {
	uint64_t counts[CO_BUCKETS + 1]; /* the last one: above all limits */
	double sum;
};

/* What has happened to a job since this process was started; see tally.c. */
struct co_tally {
	uint64_t checkpoints, bytes, failures, recoveries, migrations;
	struct co_histogram stall, wall; /* seconds */
	enum co_return { CO_RETURN_RECOVERS, CO_RETURN_MOVES, CO_RETURN_ASKED } next;
};

struct co_job {
	struct co *c;
	struct co_job *next_dirty;
	bool dirty; /* co_reconcile() is to look at it */
	bool changed; /* its state or reason: who waits for one has not been looked at */
	int64_t wake_ms; /* it is dirty then at the latest */
	struct co_fault fault;
	struct co_want want;
	uint64_t id;
	char name[CO_NAME], command[256], why[256], last_error[768];
	uid_t uid;
	gid_t gid;
	enum co_state state, after;
	unsigned int epoch, operations, number; /* numbers: newest ever used */
	unsigned int restarts, tries; /* tries: failures since the newest checkpoint */
	int64_t began_at;
	int status, signal; /* signal: sent by crctl */
	uint64_t stall_ns, wall_ns;
	struct co_tally tally;
	unsigned int failures; /* checkpoints in a row */
	int64_t running_ms; /* since when it has been running */
	char unprotected[256]; /* why, as protection.c saw it last */
	cairn_Policy policy;
	struct co_member *v;
	size_t n;
	unsigned int live; /* STARTING, RUNNING or DYING */
	size_t command_bytes; /* of its commands in the database */
	struct co_checkpoint *checkpoints; /* newest first */
	struct co_operation operation;
	struct co_told said;
	struct co_move move;
	struct co_ask *asks;
	CR_LIST(struct co_waiter) waiters;
	CR_LIST(struct co_avoided) avoided;
	int64_t due_ms; /* next checkpoint */
	unsigned int own_faults; /* by its own fault, that this coordinator has seen */
	int64_t refused_ms; /* when it could not leave a node that is drained, 0: not so */
	int64_t evacuated_ms; /* when it left a node that was failing, 0: never */
	int64_t retry_ms; /* not before */
	unsigned int kills; /* rounds of them */
	unsigned int stuck; /* checkpoints in a row that were to move it and failed */
	int64_t copies_ms; /* next look for copies that are missing */
	char trouble[256]; /* with copies, since the operation began */
	struct co_node **plan; /* by member, while it is restarted */
};

/* How many starts a user may ask for now. */
struct co_starter {
	uid_t uid;
	double tokens;
	int64_t since_ms;
};

struct co {
	struct cr_coordinator_options options;
	struct event_base *base;
	struct co_db *db;
	struct cr_trust *trust;
	struct cr_listener *listener, *local;
	struct cr_users *users; /* of local */
	struct co_http *http; /* NULL without --http */
	void (*happened)(struct co *c); /* an event; NULL: nobody wants to know */
	/* A link that signs a browser in once; NULL without --http. */
	int (*web_link)(struct co *c, char *url, size_t len, struct cr_err *err);
	struct co_session *sessions;
	void (*gone)(struct co_session *s); /* a session ends */
	uint64_t next_session;
	struct co_beats *beats; /* NULL before any node wants it */
	bool beats_waiting; /* a session has said Beats */
	int64_t ticked_ms, judge_ms; /* last tick; nobody is judged before */
	CR_LIST(struct co_node *) nodes;
	CR_LIST(struct co_store *) stores;
	CR_LIST(struct co_job *) jobs; /* by id */
	struct co_job *dirty, *last_dirty;
	struct event *work; /* the dirty ones are looked at */
	unsigned int up; /* nodes */
	uint64_t next_job, next_event;
	size_t protection_at; /* job to be looked at next */
	CR_LIST(struct co_asker) followers;
	CR_LIST(struct co_starter) starters;
	char refused[320]; /* told last to a node */
	struct cr_fence fence;
	char *generations; /* of quorum peers, as the database has them */
	uint32_t round; /* that quorum peers have been told */
	bool quorum_moved; /* one has come anew: where it is asked is told to all */
	int64_t quorum_ms; /* next choice */
	int64_t known_since_ms; /* CLOCK_REALTIME: of the oldest event that is known */
	unsigned int nodes_lost; /* since then */
	struct co_outlook *outlook;
	struct co_prevention *prevention;
	int64_t lease_ms, heartbeat_ms;
	int64_t longest_ms; /* lease that any coordinator of this database has given */
	int lock;
	struct event *tick, *signals[3];
	cairn_ClusterMsg out;
};

static inline int64_t co_now(void)
{
	return cr_now_ns(CLOCK_BOOTTIME) / 1000000;
}
