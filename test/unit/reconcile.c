// SPDX-License-Identifier: Apache-2.0
//
// What the coordinator decides, in this process, with nodes that are only told of: a job is led
// through every state, and in each of them it is seen that deciding again does nothing, and that a
// coordinator that comes after gives the same orders.
#include "reconcile.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/io.h"
#include "common/step.h"
#include "coordinator/operations.h"
#include "coordinator/database.h"
#include "coordinator/images.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/nodes.h"
#include "coordinator/reconcile.h"
#include "coordinator/requests.h"
#include "coordinator/server.h"
#include "coordinator/session.h"
#include "fake_cluster.h"
#include "net/link.h"

#define COMMAND "sleep\0100\0\0A=B\0\0/tmp\0"
#define NODES 3
#define ORDERS 512
#define LEASE 0.01

/* What was sent, in words. */
struct orders {
	unsigned int n;
	char v[ORDERS][96];
};

static char folder[] = "/tmp/cairn-reconcile-XXXXXX";
static struct orders *sent;
static struct co *c;
static unsigned int seen; /* states, a bit each */

/* ---- orders ---- */

static void note(const char *what, const cairn_MemberId *id, unsigned int number, const char *step)
{
	struct orders *o = sent;

	if (!o)
		return;
	ck_assert_uint_lt(o->n, ORDERS);
	snprintf(o->v[o->n++], sizeof(o->v[0]), "%s %d.%u epoch %u: %u %s", what, (int)id->job,
		 id->member, id->epoch, number, step);
}

static void on_sent(const void *msg)
{
	const cairn_ClusterMsg *m = msg;
	cairn_MemberId image = { 0 };

	switch (m->which_body) {
	case cairn_ClusterMsg_start_tag:
		note("start", &m->body.start.id, m->body.start.number, "");
		break;
	case cairn_ClusterMsg_kill_tag:
		note("kill", &m->body.kill.id, m->body.kill.signal, "");
		break;
	case cairn_ClusterMsg_checkpoint_tag:
		note("checkpoint", &m->body.checkpoint.id, m->body.checkpoint.number, "");
		break;
	case cairn_ClusterMsg_advance_tag:
		note("advance", &m->body.advance.id, m->body.advance.operation,
		     cr_step_name(m->body.advance.at));
		break;
	case cairn_ClusterMsg_abort_tag:
		note("abort", &m->body.abort.id, m->body.abort.operation, "");
		break;
	case cairn_ClusterMsg_ship_tag:
		image = (cairn_MemberId){ m->body.ship.job, m->body.ship.member, 0 };
		note("ship", &image, m->body.ship.number, m->body.ship.node);
		break;
	case cairn_ClusterMsg_drop_tag:
		image = (cairn_MemberId){ m->body.drop.job, m->body.drop.member, 0 };
		note("drop", &image, m->body.drop.number, "");
		break;
	default:
		break;
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Sorted, each once. */
static void sort(struct orders *o)
{
	unsigned int i, n = 0;

	qsort(o->v, o->n, sizeof(o->v[0]), compare);
	for (i = 0; i < o->n; i++)
		if (!n || strcmp(o->v[n - 1], o->v[i]))
			memmove(o->v[n++], o->v[i], sizeof(o->v[0]));
	o->n = n;
}

static unsigned int count(const struct orders *o, const char *what)
{
	unsigned int i, n = 0;

	for (i = 0; i < o->n; i++)
		n += !strncmp(o->v[i], what, strlen(what));
	return n;
}

/* ---- nodes ---- */

static struct co_node *node(struct co *of, unsigned int i)
{
	char name[16];

	snprintf(name, sizeof(name), "node%u", i);
	return co_node_find(of, name);
}

static void hello(struct co *of, unsigned int i)
{
	cairn_Hello h = { .version = CR_CLUSTER_VERSION, .privileged = true, .image_port = 1 };
	int fds[2];

	snprintf(h.name, sizeof(h.name), "node%u", i);
	snprintf(h.boot_id, sizeof(h.boot_id), "boot%u", i);
	h.store_id = 100 + i;
	h.store_bytes = h.store_free = 1ull << 40;
	h.addresses_count = 1;
	strcpy(h.addresses[0], "127.0.0.1");
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	close(fds[1]);
	co_node_hello(co_adopt(of, cr_link_adopt(of->base, fds[0], NULL, NULL), false, 0, 0), &h);
}

static void event(struct co *of, const struct co_member *m, cairn_MemberState state)
{
	cairn_MemberEvent e = { .has_id = true, .state = state, .signaled = true, .status = 137 };

	co_member_id(m, &e.id);
	co_member_event(node(of, m->node->index), &e);
}

static void tell_image(struct co *of, unsigned int at, const struct co_job *j, unsigned int member,
		       unsigned int number, cairn_HoldingState state)
{
	cairn_Holding h = { .job = j->id, .member = member, .number = number, .bytes = 1000 };

	h.state = state;
	co_image_holding(node(of, at), &h);
}

static void holding(struct co *of, unsigned int at, const struct co_job *j, unsigned int member,
		    unsigned int number)
{
	tell_image(of, at, j, member, number, cairn_HoldingState_HOLDING_COMPLETE);
}

/* All that the node has, as the books of from say, or nothing of a job. */
static void tell_all(struct co *of, struct co *from, unsigned int i)
{
	struct co_node *n = node(from, i);
	struct co_checkpoint *k;
	size_t a, b, h;

	for (a = 0; a < from->jobs.n; a++) {
		struct co_job *j = from->jobs.v[a];

		for (b = 0; b < j->n; b++)
			if (j->v[b].node == n && co_lives(&j->v[b]))
				event(of, &j->v[b],
				      j->v[b].life == CO_RUNNING ?
					      cairn_MemberState_MEMBER_RUNNING :
					      cairn_MemberState_MEMBER_STARTING);
		for (k = j->checkpoints; k; k = k->next)
			for (b = 0; b < k->n; b++)
				for (h = 0; h < k->images[b].holdings.n; h++)
					if (co_image_at(&k->images[b], n->store) &&
					    k->images[b].holdings.v[h].store == n->store)
						holding(of, i, j, b, k->number);
	}
	co_node_told(node(of, i));
}

/* ---- the coordinator ---- */

static struct co *begin(const char *dir)
{
	struct co *of = calloc(1, sizeof(*of));
	struct cr_err err = { 0 };

	of->options = (struct cr_coordinator_options){
		.state = dir, .name = "fake", .lease = LEASE, .heartbeat = LEASE, .ready_fd = -1
	};
	ck_assert_msg(!co_init(of, &err), "%s", err.text);
	usleep(LEASE * 2e6);
	return of;
}

static void work(struct co *of)
{
	while (of->dirty)
		co_work(of);
}

/* What waits for its time does so no more. */
static void time_comes(struct co *of)
{
	size_t i;

	for (i = 0; i < of->jobs.n; i++) {
		of->jobs.v[i]->retry_ms = of->jobs.v[i]->copies_ms = 0;
		co_job_dirty(of->jobs.v[i]);
	}
	work(of);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void setup(void)
{
	char log[sizeof(folder) + 8];
	unsigned int i;

	strcpy(strrchr(folder, '-') + 1, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(log, sizeof(log), "%s/log", folder);
	ck_assert_ptr_nonnull(freopen(log, "a", stderr));
	fake_sent = on_sent;
	seen = 0;
	c = begin(folder);
	for (i = 0; i < NODES; i++) {
		hello(c, i);
		co_node_told(node(c, i));
	}
	work(c);
}

/* A link that is closed ends in the loop. */
static void end(struct co *of)
{
	int i;

	while (of->sessions)
		co_session_close(of->sessions);
	for (i = 0; i < 4; i++)
		event_base_loop(of->base, EVLOOP_NONBLOCK);
	co_free(of);
	free(of);
}

static void teardown(void)
{
	end(c);
	fake_sent = NULL;
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- what must hold in every state ---- */

static void nothing_more(const char *when, int64_t now)
{
	struct orders o = { 0 };
	uint64_t events = c->next_event;
	const char *name;
	size_t i;

	sent = &o;
	for (i = 0; i < c->jobs.n; i++) {
		name = co_reconcile_step(c->jobs.v[i], now);
		ck_assert_msg(!name, "%s: once more: %s", when, name);
		co_job_dirty(c->jobs.v[i]);
	}
	co_work(c);
	sent = NULL;
	ck_assert_msg(!o.n, "%s: once more: %s", when, o.v[0]);
	ck_assert_msg(events == c->next_event, "%s: once more, and something happens", when);
}

/* All nodes come anew, and tell what the books of from say; what is ordered then. */
static void come_anew(struct co *of, struct co *from, struct orders *o)
{
	unsigned int i;

	sent = o;
	for (i = 0; i < NODES; i++)
		if (node(from, i)->up) {
			hello(of, i);
			tell_all(of, from, i);
		}
	work(of);
	time_comes(of);
	sent = NULL;
	sort(o);
}

static void copy(const char *name, const char *to)
{
	char line[512];

	snprintf(line, sizeof(line), "cp %s/%s %s/ 2>/dev/null", folder, name, to);
	ck_assert_int_ge(system(line), 0);
}

/* What a coordinator orders that has nothing but the database; its jobs' states too. */
static void after_restart(struct orders *o, enum co_state *states)
{
	char dir[sizeof(folder) + 8];
	struct co *after;
	size_t i;

	snprintf(dir, sizeof(dir), "%s/after", folder);
	mkdir(dir, 0700);
	co_db_commit(c->db);
	copy("cluster.db", dir);
	copy("cluster.db-wal", dir);
	after = begin(dir);
	work(after);
	come_anew(after, c, o);
	for (i = 0; i < after->jobs.n; i++)
		states[i] = after->jobs.v[i]->state;
	end(after);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Nothing of it is durable: it is given up, or begun again. */
static bool forgets(const struct co_job *j)
{
	return j->state == CO_JOB_RESTARTING || (j->operation.active && !j->operation.saved);
}

static void same_after_restart(const char *when)
{
	struct orders restarted = { 0 }, same = { 0 };
	enum co_state states[8];
	unsigned int i;
	size_t k;
	bool forgotten = false;

	after_restart(&restarted, states);
	for (k = 0; k < c->jobs.n; k++)
		forgotten |= forgets(c->jobs.v[k]);
	if (forgotten) {
		ck_assert_msg(!count(&restarted, "start") && !count(&restarted, "advance") &&
				      !count(&restarted, "checkpoint"),
			      "%s: a restarted coordinator goes on with what it cannot know", when);
		for (k = 0; k < c->jobs.n; k++)
			if (c->jobs.v[k]->state == CO_JOB_RESTARTING)
				ck_assert_msg(states[k] == CO_JOB_ENDING, "%s: not ended", when);
			else
				ck_assert_msg(states[k] == c->jobs.v[k]->state, "%s: %d", when,
					      states[k]);
		return;
	}
	come_anew(c, c, &same);
	for (i = 0; i < same.n || i < restarted.n; i++)
		ck_assert_msg(i < same.n && i < restarted.n && !strcmp(same.v[i], restarted.v[i]),
			      "%s: ordered: %s; after a restart: %s", when,
			      i < same.n ? same.v[i] : "-", i < restarted.n ? restarted.v[i] : "-");
	for (k = 0; k < c->jobs.n; k++)
		ck_assert_msg(states[k] == c->jobs.v[k]->state, "%s: state %d, restarted %d", when,
			      c->jobs.v[k]->state, states[k]);
}

/* Decides what follows from what has happened. */
static void decide(const char *when)
{
	int64_t now = co_now();
	size_t i;

	work(c);
	nothing_more(when, now);
	for (i = 0; i < c->jobs.n; i++)
		seen |= 1u << c->jobs.v[i]->state;
	same_after_restart(when);
	for (i = 0; i < c->jobs.n; i++)
		seen |= 1u << c->jobs.v[i]->state;
}

/* ---- what happens ---- */

static struct co_job *job(const char *name)
{
	struct co_asker root = { 0 };
	struct cr_err err = { 0 };
	struct co_job *j = co_job_find(c, name, &root, &err);

	ck_assert_msg(j != NULL, "%s", err.text);
	return j;
}

static void ask(const char *name, cairn_Ask what, cairn_Intent intent)
{
	cairn_Request q = { .ask = what, .uid = 1000, .gid = 1000, .intent = intent };
	bool run = what == cairn_Ask_ASK_RUN;

	snprintf(q.job, sizeof(q.job), "%s", name);
	q.members = 2;
	q.has_policy = true;
	q.policy.has_replicas = true;
	q.policy.replicas = 1;
	q.policy.spread = true;
	q.policy.max_restarts = 3;
	co_request(c->sessions, &q, run ? COMMAND : NULL, run ? sizeof(COMMAND) : 0);
}

/* Those who live in that way tell something. */
static void all(struct co_job *j, enum co_life life, cairn_MemberState state)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].life == life && j->v[i].node->session)
			event(c, &j->v[i], state);
}

static void arrive(struct co_job *j, cairn_Step step)
{
	cairn_Arrive a = { .operation = j->operation.id, .at = step };
	size_t i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].takes_part)
			co_operation_arrive(&j->v[i], &a, NULL, 0);
}

/* Every image lies where it was written and at one node more. */
static void write_all(struct co_job *j)
{
	cairn_MemberEvent e = { .operation = j->operation.id, .image_bytes = 1000 };
	size_t i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].takes_part) {
			co_operation_written(&j->v[i], &e);
			holding(c, (j->v[i].node->index + 1) % NODES, j, i, j->operation.number);
		}
}

static void run_job(const char *name)
{
	ask(name, cairn_Ask_ASK_RUN, 0);
	decide("asked to run");
	ck_assert_int_eq(job(name)->state, CO_JOB_STARTING);
	all(job(name), CO_STARTING, cairn_MemberState_MEMBER_RUNNING);
	decide("all run");
	ck_assert_int_eq(job(name)->state, CO_JOB_RUNNING);
}

static void checkpoint(const char *name, bool stop)
{
	struct co_job *j = job(name);

	ask(name, cairn_Ask_ASK_CHECKPOINT,
	    stop ? cairn_Intent_INTENT_STOP : cairn_Intent_INTENT_CHECKPOINT);
	decide("a checkpoint has begun");
	arrive(j, cairn_Step_STEP_STOPPED);
	decide("all have stopped");
	arrive(j, cairn_Step_STEP_SAVED);
	decide("all have saved");
	write_all(j);
	decide("all is written");
	ck_assert_int_eq(j->checkpoints->state, CO_COMMITTED);
	ck_assert(!j->operation.active);
}

static void go_on(const char *name)
{
	struct co_job *j = job(name);

	all(j, CO_DYING, cairn_MemberState_MEMBER_EXITED);
	decide("all are dead");
	if (j->state == CO_JOB_SHIPPING) {
		size_t i;

		for (i = 0; i < j->n; i++)
			holding(c, j->plan[i]->index, j, i, j->number);
		j->retry_ms = 0;
		decide("the images are there");
	}
	ck_assert_int_eq(j->state, CO_JOB_RESTARTING);
	arrive(j, cairn_Step_STEP_RESTORED);
	decide("all are restored");
	arrive(j, cairn_Step_STEP_READY);
	decide("all are ready");
	ck_assert_int_eq(j->state, CO_JOB_RUNNING);
}

static void lose(unsigned int i)
{
	cr_fence_dead(&c->fence, i, cr_now_ns(CLOCK_BOOTTIME));
	co_node_lost(node(c, i), "for a test");
}

START_TEST(in_every_state)
{
	static const unsigned int all_states = (1u << CO_JOB_STATES) - 1;
	struct co_job *j;
	unsigned int lost, m;

	run_job("a");
	j = job("a");
	checkpoint("a", false);
	event(c, &j->v[1], cairn_MemberState_MEMBER_EXITED);
	decide("a member has crashed");
	ck_assert_int_eq(j->state, CO_JOB_ENDING);
	go_on("a");
	checkpoint("a", false);
	/* Of the nodes that are left one has both images, and the other none. */
	m = (j->v[0].node->index + 1) % NODES == j->v[1].node->index;
	lost = j->v[!m].node->index;
	tell_image(c, (lost + 2) % NODES, j, m, j->number, cairn_HoldingState_HOLDING_GONE);
	lose(lost);
	decide("a node is lost");
	ck_assert_int_eq(j->state, CO_JOB_ENDING);
	go_on("a");
	hello(c, lost);
	co_node_told(node(c, lost));
	decide("it is back");
	checkpoint("a", true);
	ck_assert_int_eq(j->state, CO_JOB_ENDING);
	all(j, CO_DYING, cairn_MemberState_MEMBER_EXITED);
	decide("it is stopped");
	ck_assert_int_eq(j->state, CO_JOB_STOPPED);
	ask("a", cairn_Ask_ASK_RESTART, 0);
	decide("it is restarted");
	ck_assert_int_eq(j->state, CO_JOB_RESTARTING);
	ask("a", cairn_Ask_ASK_KILL, 0);
	decide("it is killed");
	all(j, CO_DYING, cairn_MemberState_MEMBER_EXITED);
	decide("it has been killed");
	ck_assert_int_eq(j->state, CO_JOB_ENDED);
	ask("a", cairn_Ask_ASK_FORGET, 0);
	decide("it is forgotten");
	run_job("b");
	j = job("b");
	lose(j->v[0].node->index);
	lose(j->v[1].node->index);
	decide("its nodes are lost");
	ck_assert_int_eq(j->state, CO_JOB_WAITING);
	ask("b", cairn_Ask_ASK_KILL, 0);
	decide("and it is killed");
	ask("c", cairn_Ask_ASK_JOIN, 0);
	decide("one begins on its own");
	event(c, &job("c")->v[0], cairn_MemberState_MEMBER_FENCED);
	decide("and is lost");
	ck_assert_int_eq(job("c")->state, CO_JOB_LOST);
	ask("d", cairn_Ask_ASK_JOIN, 0);
	event(c, &job("d")->v[0], cairn_MemberState_MEMBER_FAILED);
	decide("one cannot be started");
	ck_assert_int_eq(job("d")->state, CO_JOB_FAILED);
	ck_assert_msg(seen == all_states, "states that were not seen: %x", all_states & ~seen);
}
END_TEST

/* Two jobs, each in the middle of a checkpoint, have a member on it. */
START_TEST(node_lost_under_two_operations)
{
	struct orders o = { 0 };
	struct co_job *a, *b;
	struct co_node *n;

	run_job("a");
	run_job("b");
	a = job("a");
	b = job("b");
	checkpoint("a", false);
	ask("a", cairn_Ask_ASK_CHECKPOINT, cairn_Intent_INTENT_CHECKPOINT);
	ask("b", cairn_Ask_ASK_CHECKPOINT, cairn_Intent_INTENT_CHECKPOINT);
	work(c);
	arrive(a, cairn_Step_STEP_STOPPED);
	work(c);
	ck_assert(a->operation.active && b->operation.active);
	n = a->v[0].node == b->v[0].node || a->v[0].node == b->v[1].node ? a->v[0].node :
									   a->v[1].node;
	sent = &o;
	lose(n->index);
	/* Nothing has been decided in there. */
	ck_assert_uint_eq(o.n, 0);
	ck_assert(a->operation.active && b->operation.active);
	ck_assert_int_eq(a->state, CO_JOB_RUNNING);
	ck_assert_int_eq(b->state, CO_JOB_RUNNING);
	work(c);
	sent = NULL;
	ck_assert(!a->operation.active && !b->operation.active);
	ck_assert_int_eq(a->state, CO_JOB_ENDING);
	ck_assert_int_eq(b->state, CO_JOB_ENDING);
	ck_assert_uint_eq(count(&o, "abort"), 2);
	ck_assert_uint_eq(count(&o, "kill"), 2);
	ck_assert_uint_eq(count(&o, "start"), 0);
	/* The checkpoint that was committed before is there still. */
	ck_assert_ptr_nonnull(a->checkpoints);
	ck_assert_uint_eq(a->checkpoints->number, 1);
	ck_assert_ptr_null(b->checkpoints);
	all(a, CO_DYING, cairn_MemberState_MEMBER_EXITED);
	all(b, CO_DYING, cairn_MemberState_MEMBER_EXITED);
	decide("all are dead");
	ck_assert_int_eq(b->state, CO_JOB_STARTING);
	ck_assert(a->state == CO_JOB_RESTARTING || a->state == CO_JOB_SHIPPING);
}
END_TEST

/* As the first version of the database was, with a checkpoint from which there is no way back. */
static const char old[] =
	"CREATE TABLE cluster(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE jobs(id INTEGER PRIMARY KEY, name TEXT, uid, gid, command TEXT, state, after,"
	" why TEXT, last_error TEXT, epoch, courses, number, restarts, tries, began_at, status,"
	" stall_ns, wall_ns, policy BLOB);"
	"CREATE TABLE members(job INTEGER, member INTEGER, node TEXT, epoch, life, added, status,"
	" PRIMARY KEY(job, member)) WITHOUT ROWID;"
	"CREATE TABLE commands(job INTEGER, member INTEGER, arguments, options, payload BLOB,"
	" PRIMARY KEY(job, member));"
	"CREATE TABLE nodes(name TEXT PRIMARY KEY, boot_id TEXT, store_id, draining, address TEXT,"
	" back_ms) WITHOUT ROWID;"
	"CREATE TABLE checkpoints(job INTEGER, number INTEGER, state, purpose, at, members BLOB,"
	" PRIMARY KEY(job, number));"
	"CREATE TABLE said(job INTEGER PRIMARY KEY, course, step TEXT, payload BLOB);"
	"CREATE TABLE events(id INTEGER PRIMARY KEY, at, kind TEXT, job INTEGER, uid, name TEXT,"
	" node TEXT, member, text TEXT);"
	"INSERT INTO cluster VALUES('next_job', 3);"
	"INSERT INTO nodes VALUES('node0', 'boot0', 100, 0, '127.0.0.1', 0);"
	"INSERT INTO jobs VALUES"
	" (1, 'a', 1000, 1000, '', 1, 0, '', '', 1, 7, 2, 0, 0, 0, 0, 0, 0, x''),"
	" (2, 'b', 1000, 1000, '', 1, 0, '', '', 1, 3, 1, 0, 0, 0, 0, 0, 0, x'');"
	"INSERT INTO members VALUES(1, 0, 'node0', 1, 2, 0, 0), (2, 0, 'node0', 1, 2, 0, 0);"
	"INSERT INTO checkpoints VALUES(1, 1, 2, 0, 5, x'00000000'), (1, 2, 1, 2, 5, x'00000000'),"
	" (2, 1, 2, 1, 5, x'00000000');"
	"INSERT INTO said VALUES(1, 7, 'saved', x'0102'), (2, 3, 'ready', x'');"
	"PRAGMA user_version=1;";

static void is_as_it_was(struct co *of)
{
	struct co_job *a = co_job_by_id(of, 1), *b = co_job_by_id(of, 2);

	ck_assert(a && b);
	ck_assert_uint_eq(a->said.operation, 7);
	ck_assert_int_eq(a->said.step, cairn_Step_STEP_SAVED);
	ck_assert_uint_eq(a->said.payload->len, 2);
	ck_assert_int_eq(b->said.step, cairn_Step_STEP_READY);
	ck_assert_int_eq(a->checkpoints->intent, cairn_Intent_INTENT_MOVE);
	ck_assert_int_eq(a->checkpoints->next->intent, cairn_Intent_INTENT_CHECKPOINT);
	ck_assert_int_eq(b->checkpoints->intent, cairn_Intent_INTENT_STOP);
	/* So it is gone on with. */
	ck_assert(a->operation.active && a->operation.saved);
	ck_assert_int_eq(a->operation.intent, cairn_Intent_INTENT_MOVE);
	end(of);
}

START_TEST(old_database)
{
	char dir[sizeof(folder) + 8], path[sizeof(folder) + 32];
	sqlite3 *db;

	snprintf(dir, sizeof(dir), "%s/old", folder);
	snprintf(path, sizeof(path), "%s/cluster.db", dir);
	mkdir(dir, 0700);
	ck_assert_int_eq(sqlite3_open(path, &db), 0);
	ck_assert_int_eq(sqlite3_exec(db, old, NULL, NULL, NULL), 0);
	sqlite3_close(db);
	is_as_it_was(begin(dir));
	is_as_it_was(begin(dir));
}
END_TEST

/* By name, as shepherds say it that are older than the coordinator, or by number. */
START_TEST(steps_by_name)
{
	int i;

	for (i = 1; i <= cairn_Step_STEP_READY; i++) {
		ck_assert_int_eq(cr_step_of(i, ""), i);
		ck_assert_int_eq(cr_step_of(0, cr_step_name(i)), i);
	}
	ck_assert_int_eq(cr_step_of(0, "nonsense"), 0);
	ck_assert_int_eq(cr_step_of(0, ""), 0);
	ck_assert_int_eq(cr_step_of(1000, "saved"), 0);
}
END_TEST

/* A checkpoint of "a" whose members come to these steps; why it is given up, "" if it goes on. */
static const char *come_to(cairn_Step first, cairn_Step second)
{
	struct co_job *a = job("a");

	ask("a", cairn_Ask_ASK_CHECKPOINT, cairn_Intent_INTENT_CHECKPOINT);
	work(c);
	ck_assert(a->operation.active);
	arrive(a, first);
	work(c);
	arrive(a, second);
	work(c);
	return a->operation.active ? "" : a->last_error;
}

START_TEST(barriers_in_order)
{
	run_job("a");
	ck_assert_str_eq(come_to(cairn_Step_STEP_GATES, 0), "member 0 is at step gates, which no "
							    "checkpoint has");
	ck_assert_str_eq(come_to(0, 0), "member 0 is at step none, which no checkpoint has");
	ck_assert_str_eq(come_to(cairn_Step_STEP_SOCKETS, cairn_Step_STEP_STOPPED),
			 "member 0 is at step stopped, and all have been at sockets");
	/* Who has nothing to do at one goes past it; who is told again comes again. */
	ck_assert_str_eq(come_to(cairn_Step_STEP_STOPPED, cairn_Step_STEP_ENDS), "");
	arrive(job("a"), cairn_Step_STEP_ENDS);
	work(c);
	ck_assert(job("a")->operation.active && !job("a")->operation.saved);
	arrive(job("a"), cairn_Step_STEP_SAVED);
	work(c);
	ck_assert(job("a")->operation.saved);
}
END_TEST

TCase *reconcile_tests(void)
{
	TCase *t = tcase_create("reconcile");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, in_every_state);
	tcase_add_test(t, node_lost_under_two_operations);
	tcase_add_test(t, old_database);
	tcase_add_test(t, steps_by_name);
	tcase_add_test(t, barriers_in_order);
	return t;
}
