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
#include "coordinator/database.h"
#include "coordinator/detector.h"
#include "coordinator/lease.h"
#include "coordinator/options.h"
#include "coordinator/placement.h"
#include "net/link.h"
#include "net/users.h"

#define CO_STEP sizeof(((cairn_Arrive *)0)->step)
#define CO_NODE sizeof(((cairn_Hello *)0)->name)
#define CO_NAME sizeof(((cairn_JobRow *)0)->name)
#define CO_TICK_MS 50
#define CO_FOREVER INT64_MAX

struct co;
struct co_beat;
struct co_beats;
struct co_http;
struct co_job;
struct co_node;

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
	int64_t full_ms; /* when it could not take an image */
	bool silent; /* for longer than a lease */
	int64_t beat_ms; /* newest heartbeat */
	int64_t heard_ns; /* the newest that the detector was told of */
	int64_t back_ms; /* it said that it will be back within: so long is its lease. Durable */
	struct cr_detector detector;
	bool vouches; /* it has answered as a witness does */
	pid_t fence_pid; /* of the fence command, 0: none */
	struct co_asker asker; /* waits until it is drained */
	unsigned int load_percent, live; /* live: members of any job */
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
	int status;
	unsigned int processes;
	uint64_t rss_bytes;
	/* of the course */
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
	int purpose; /* enum co_purpose */
	int64_t at; /* CLOCK_REALTIME ms */
	size_t n; /* images, by member number */
	struct co_image *images;
	unsigned int missing; /* images that are not held by enough */
};

enum co_purpose { CO_KEEP, CO_STOP, CO_MOVE, CO_LOOK, CO_RESTORE };

struct co_course {
	bool active;
	enum co_purpose purpose;
	unsigned int id, number;
	char step[CO_STEP];
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
	unsigned int course;
	char step[CO_STEP];
	struct cr_shared *payload;
};

enum co_state {
	CO_JOB_STARTING,
	CO_JOB_RUNNING,
	CO_JOB_ENDING, /* all members are being killed; then: after */
	CO_JOB_WAITING, /* all dead; no node fits, or an image is not there */
	CO_JOB_SHIPPING, /* images go where members will start */
	CO_JOB_RESTARTING, /* a restart's course */
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
	unsigned int epoch, courses, number; /* numbers: newest ever used */
	unsigned int restarts, tries; /* tries: failures since the newest checkpoint */
	int64_t began_at;
	int status, signal; /* signal: sent by crctl */
	uint64_t stall_ns, wall_ns;
	cairn_Policy policy;
	struct co_member *v;
	size_t n;
	unsigned int live; /* STARTING, RUNNING or DYING */
	size_t command_bytes; /* of its commands in the database */
	struct co_checkpoint *checkpoints; /* newest first */
	struct co_course course;
	struct co_told said;
	struct co_ask *asks;
	CR_LIST(struct co_waiter) waiters;
	CR_LIST(struct co_avoided) avoided;
	int64_t due_ms; /* next checkpoint */
	int64_t retry_ms; /* not before */
	unsigned int kills; /* rounds of them */
	unsigned int stuck; /* checkpoints in a row that were to move it and failed */
	int64_t tend_ms; /* next look for copies that are missing */
	char trouble[256]; /* with copies, since the course began */
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
	CR_LIST(struct co_asker) followers;
	CR_LIST(struct co_starter) starters;
	char refused[320]; /* told last to a node */
	struct cr_fence fence;
	char *generations; /* of witnesses, as the database has them */
	uint32_t round; /* that witnesses have been told */
	bool witnesses_moved; /* one has come anew: where it is asked is told to all */
	int64_t witnesses_ms; /* next choice */
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

/* ---- server.c: the loop ---- */
int co_init(struct co *c, struct cr_err *err);
int co_listen(struct co *c, struct cr_err *err);
int co_run(struct co *c);
void co_free(struct co *c);
/* For tests: a connected socket as if it had come in. */
struct co_session *co_adopt(struct co *c, struct cr_link *l, bool local, uid_t uid, gid_t gid);
void co_tick(struct co *c);

/* ---- session.c: who is connected ---- */
/* An empty message, to be filled in and given to co_send(). */
cairn_ClusterMsg *co_message(struct co *c, pb_size_t which);
bool co_send(struct co_session *s, cairn_ClusterMsg *m, const void *payload, size_t len);
bool co_send_node(struct co_node *n, cairn_ClusterMsg *m, const void *payload, size_t len);
/* The same, of a payload that all members get. */
bool co_send_shared(struct co_node *n, cairn_ClusterMsg *m, struct cr_shared *payload);
void co_session_close(struct co_session *s);
/* Its link has gone already. */
void co_session_forget(struct co_session *s);
struct co_session *co_session_by_id(struct co *c, uint64_t id);
/* Its link, out of this loop; the session is gone. */
struct cr_link *co_session_leave(struct co_session *s);

/* ---- nodes.c ---- */
struct co_node *co_node_find(struct co *c, const char *name);
/* By its name or one of its addresses. */
struct co_node *co_node_meant(struct co *c, const char *text);
struct co_node *co_node_add(struct co *c, const char *name);
struct co_store *co_store(struct co *c, uint64_t id);
void co_node_hello(struct co_session *s, const cairn_Hello *h);
void co_node_beat(struct co_node *n, const cairn_Heartbeat *b);
void co_node_leaving(struct co_node *n, const cairn_Leaving *l);
void co_node_told(struct co_node *n);
void co_node_save(struct co_node *n);
/* Something that jobs may have waited for: all are dirty. */
void co_nodes_changed(struct co *c);
void co_node_lost(struct co_node *n, const char *why);
void co_node_dead(struct co_node *n, const char *why);
void co_nodes_tick(struct co *c);
/* When connections are accepted: from here on nodes' leases are ours alone. */
void co_fence_begin(struct co *c);
/* Runs --fence-command for it, if there is one; fence.c. */
void co_fence_command(struct co_node *n);
void co_fence_done(struct co *c);
void co_node_row(const struct co_node *n, cairn_NodeRow *row);
/* It is connected and new members may come to it. */
bool co_node_takes(const struct co_node *n);
/* After a start nobody is lost, and nothing placed, before all can have come back. */
bool co_settled(const struct co *c);

/* ---- beats.c: heartbeats in a thread of their own ---- */
/* Links that are for it go there. */
void co_beats_tick(struct co *c);
/* What was answered there counts from now on. */
void co_beats_fold(struct co_node *n);
/* cr_fence_take(), after which nothing is answered there. */
bool co_beats_take(struct co_node *n, int64_t now_ns);
/* The session ends. */
void co_beats_end(struct co_session *s);
void co_beats_free(struct co *c);

/* ---- witnesses.c ---- */
bool co_witness(const struct co_node *n);
void co_witnesses_tell(struct co_node *n);
void co_witness_promised(struct co_node *n, const cairn_Promise *p);
void co_witnesses_remember(struct co *c);
void co_witnesses_tick(struct co *c, int64_t now);

/* ---- jobs.c ---- */
struct co_job *co_job_new(struct co *c, const cairn_Request *q, const struct co_asker *a);
struct co_job *co_job_by_id(struct co *c, uint64_t id);
/* By name (newest first) or by number; *err if there is none that the asker may touch. */
struct co_job *co_job_find(struct co *c, const char *text, const struct co_asker *a,
			   struct cr_err *err);
bool co_job_over(const struct co_job *j);
void co_job_set(struct co_job *j, enum co_state state, const char *why);
void co_job_save(struct co_job *j);
/* A fact about it has changed. */
void co_job_dirty(struct co_job *j);
void co_job_fault(struct co_job *j, enum co_cause cause, const char *why);
/* All members are to be ended; when they are dead: after. */
void co_job_want(struct co_job *j, enum co_state after, const char *why);
/* Copies of its images are counted anew, and ordered. */
void co_job_tend(struct co_job *j);
void co_job_row(const struct co_job *j, cairn_JobRow *row);
const char *co_job_state(const struct co_job *j);
/* For load.c: one of the database, in the order of their numbers. */
struct co_job *co_job_add(struct co *c, uint64_t id);

/* ---- load.c ---- */
int co_load(struct co *c, struct cr_err *err);
void co_job_free(struct co_job *j);

/* ---- members.c ---- */
struct co_member *co_member_add(struct co_job *j, struct co_node *n);
struct co_member *co_member(struct co_job *j, unsigned int number);
void co_member_set(struct co_member *m, enum co_life life);
void co_member_save(struct co_member *m);
void co_member_id(const struct co_member *m, cairn_MemberId *id);
void co_member_kill(struct co_member *m, int signal);
void co_member_start(struct co_member *m, unsigned int number);
void co_member_event(struct co_node *n, const cairn_MemberEvent *e);
/* Somebody of a job is there: which one, or NULL: of the past, and told to end. */
struct co_member *co_member_there(struct co_node *n, const cairn_MemberId *id);
/* Its node was lost, or has it no more. */
void co_member_vanished(struct co_member *m, const char *why);
/* It could not be started with that status: that copy, or that node, is not tried again soon. */
void co_member_refused(struct co_member *m, int status);
enum co_cause co_cause_of(int status);
static inline bool co_lives(const struct co_member *m)
{
	return m->life == CO_STARTING || m->life == CO_RUNNING || m->life == CO_DYING;
}

/* ---- courses.c ---- */
bool co_course_start(struct co_job *j, enum co_purpose purpose, const struct co_asker *a);
/* All who live can take part now. */
bool co_course_can(const struct co_job *j);
void co_course_restore(struct co_job *j, unsigned int number);
/* After a start: of a checkpoint that the database has as saved. */
void co_course_resume(struct co_job *j, struct co_checkpoint *k);
/* What happens to it; what follows is reconcile.c's. */
void co_course_arrive(struct co_member *m, const cairn_Arrive *a, const void *data, size_t len);
void co_course_written(struct co_member *m, const cairn_MemberEvent *e);
void co_course_finding(struct co_member *m, const cairn_MemberFinding *f);
void co_course_fail(struct co_job *j, int status, const char *why);
/* Whether, and then what is done. */
bool co_course_unordered(const struct co_job *j);
void co_course_order(struct co_job *j);
bool co_course_met(const struct co_job *j);
void co_course_advance(struct co_job *j);
bool co_course_saved(const struct co_job *j);
void co_course_commit(struct co_job *j);
bool co_course_done(const struct co_job *j);
void co_course_end(struct co_job *j);
bool co_course_overdue(const struct co_job *j, int64_t now);
void co_course_late(struct co_job *j);
bool co_course_stalled(const struct co_job *j, int64_t now);
void co_course_uncopied(struct co_job *j);
void co_course_abort(struct co_job *j);
/* When it will be overdue or stalled. */
int64_t co_course_deadline(const struct co_job *j);

/* ---- images.c ---- */
struct co_checkpoint *co_checkpoint_add(struct co_job *j, unsigned int number);
struct co_checkpoint *co_checkpoint(struct co_job *j, unsigned int number);
void co_checkpoint_save(struct co_job *j, struct co_checkpoint *k);
void co_checkpoint_drop(struct co_job *j, struct co_checkpoint *k);
void co_checkpoint_free(struct co_checkpoint *k);
/* The newest that can be restarted from; *why if none can now. */
struct co_checkpoint *co_checkpoint_good(struct co_job *j, const char **why);
void co_image_set(struct co_job *j, struct co_checkpoint *k, unsigned int member,
		  struct co_store *s, cairn_HoldingState state, uint64_t bytes);
void co_image_holding(struct co_node *n, const cairn_Holding *h);
/* Counts anew whether enough copies are there, and orders what is missing. */
void co_images_tend(struct co_job *j);
/* Copies that are still missing are on their way. */
bool co_images_coming(const struct co_checkpoint *k);
void co_images_swept(struct co_node *n);
bool co_image_at(const struct co_image *i, const struct co_store *s);
struct co_store *co_image_source(const struct co_image *i, const struct co_store *not_this);
bool co_image_ship(struct co_job *j, struct co_checkpoint *k, unsigned int member,
		   struct co_node *to);
void co_images_retain(struct co_job *j);

/* ---- recovery.c: how members go elsewhere ---- */
/*
 * Where its members go: those of a checkpoint, or, without one, those that live, or those that it
 * begins with. Fills j->plan, or says why there is no place.
 */
bool co_plan(struct co_job *j, struct co_checkpoint *k, bool living, char why[CR_PLACE_WHY]);
void co_plan_free(struct co_job *j);
bool co_plan_holds(const struct co_job *j);
/* Every member's image is where it will start. */
bool co_plan_has_images(const struct co_job *j, const struct co_checkpoint *k);
void co_plan_ship(struct co_job *j, struct co_checkpoint *k);
void co_plan_start(struct co_job *j, struct co_checkpoint *k);
/* For one member more; only: on this node or none. */
struct co_node *co_place_one(struct co_job *j, const char *only, char why[CR_PLACE_WHY]);
void co_kill_all(struct co_job *j);

/* ---- reconcile.c: what is decided ---- */
void co_reconcile(struct co_job *j);
/* For tests: by one rule; its name, or NULL: none holds. */
const char *co_reconcile_step(struct co_job *j, int64_t now);
/* Of the dirty jobs, some; the others in the next turn of the loop. */
void co_work(struct co *c);
/* Those whose time has come are dirty. */
void co_wake(struct co *c, int64_t now);

/* ---- requests.c ---- */
void co_request(struct co_session *s, const cairn_Request *q, const void *payload, size_t len);
/* Requests that wait for their turn: whether the next can be done, and it is. */
bool co_asks_can(const struct co_job *j);
void co_asks_next(struct co_job *j);

/* ---- replies.c ---- */
void co_reply(struct co *c, const struct co_asker *a, cairn_Reply *r);
cairn_Reply *co_reply_begin(struct co *c);
void co_reply_error(struct co *c, const struct co_asker *a, int status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void co_reply_job(struct co *c, const struct co_asker *a, const struct co_job *j);
void co_reply_end(struct co *c, const struct co_asker *a);
/* What they wait for has come about, or never will. */
void co_waiters_look(struct co_job *j);
/* Is answered with the job's row when it is over. */
void co_wait_for_end(struct co_job *j, const struct co_asker *a);
/* The same, or as the verb says. */
void co_wait_for(struct co_job *j, const struct co_asker *a, cairn_Ask ask);
/* Until it runs, or it is known why it does not. */
void co_wait_for_start(struct co_job *j, const struct co_asker *a);
/* Who waits for a node to be empty is told that this job does not leave it for now. */
void co_drain_stuck(struct co_job *j, const char *why);
/* It waits for nothing any more; id: of one request only, or NULL. */
void co_asker_gone(struct co *c, uint64_t session, const uint64_t *id);

/* ---- quota.c ---- */
/* Whether a user may have so much more; *err says what is too much, and what helps. */
int co_quota(struct co *c, uid_t uid, size_t more_members, size_t more_bytes, struct cr_err *err);

/* ---- events.c ---- */
void co_event(struct co *c, const char *kind, const struct co_job *j, const struct co_node *n,
	      int member, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Those behind since, of all users, until on() has enough. */
void co_events_each(struct co *c, uint64_t since, bool (*on)(const cairn_EventRow *row, void *arg),
		    void *arg);
void co_events_tell(struct co *c, const struct co_asker *a, const cairn_Request *q);
