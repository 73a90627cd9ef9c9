// SPDX-License-Identifier: Apache-2.0
//
// The coordinator among nodes that the test plays: who is let in, who may do what, the operation of
// a checkpoint and of a recovery, and its death at every point of both.
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cairn/exit_codes.h"
#include "fake_cluster.h"
#include "reconcile.h"

#define COMMAND "sleep\0100\0\0A=B\0\0/tmp\0"

static struct fake_cluster f;
static uint64_t job;

static bool all_welcome(struct fake_cluster *c)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		if (!c->nodes[i].welcome && !c->nodes[i].dead)
			return false;
	return true;
}

static bool all_live(struct fake_cluster *c)
{
	return fake_living(c, job) == 3;
}

static cairn_Request request(cairn_Ask ask, unsigned int uid)
{
	cairn_Request q = { .ask = ask, .uid = uid, .gid = uid };

	strcpy(q.job, "job");
	return q;
}

static int ask(cairn_Ask what, unsigned int uid, int ms)
{
	cairn_Request q = request(what, uid);
	unsigned int i;

	for (i = 0; i < f.n && !f.nodes[i].welcome; i++)
		;
	return fake_ask(&f, i % f.n, &q, NULL, 0, ms);
}

/* A job of three members. */
static void launch(double interval)
{
	cairn_Request q = request(cairn_Ask_ASK_RUN, 1000);

	ck_assert(fake_play(&f, 5000, all_welcome));
	q.members = 3;
	q.has_policy = true;
	q.policy.interval = interval;
	q.policy.replicas = 1;
	q.policy.has_replicas = true;
	q.policy.max_restarts = 1000;
	ck_assert_int_eq(fake_ask(&f, 0, &q, COMMAND, sizeof(COMMAND), 5000), 0);
	job = f.reply.row.job.id;
	ck_assert(fake_play(&f, 5000, all_live));
}

static char folder[] = "/tmp/cairn-coordinator-XXXXXX";

static void setup(void)
{
	strcpy(strrchr(folder, '-') + 1, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	fake_begin(&f, folder, 3);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

/* Not after a failure: what the coordinator has said is in there. */
static void teardown(void)
{
	fake_end(&f);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

START_TEST(another_version)
{
	ck_assert(fake_play(&f, 5000, all_welcome));
	f.nodes[3] = f.nodes[2];
	f.nodes[3].fd = -1;
	f.nodes[3].welcome = false;
	f.nodes[3].version = 77;
	strcpy(f.nodes[3].name, "other");
	f.n = 4;
	fake_play(&f, 1000, NULL);
	ck_assert_int_eq(f.nodes[3].refusal.status, CR_EXIT_CLUSTER);
	ck_assert_ptr_nonnull(strstr(f.nodes[3].refusal.error, "version 77"));
	ck_assert_ptr_nonnull(strstr(f.nodes[3].refusal.error, "other"));
}
END_TEST

START_TEST(name_taken)
{
	ck_assert(fake_play(&f, 5000, all_welcome));
	f.nodes[3] = f.nodes[2];
	f.nodes[3].fd = -1;
	f.nodes[3].welcome = false;
	strcpy(f.nodes[3].boot_id, "another");
	f.nodes[3].store_id = 103;
	f.n = 4;
	fake_play(&f, 1000, NULL);
	ck_assert_int_eq(f.nodes[3].refusal.status, CR_EXIT_EXISTS);
	ck_assert(f.nodes[2].welcome);
	/* The same node again takes over its session, as after a broken link. */
	f.n = 3;
	close(f.nodes[2].fd);
	f.nodes[2].fd = -1;
	f.nodes[2].welcome = false;
	ck_assert(fake_play(&f, 2000, all_welcome));
}
END_TEST

START_TEST(only_ones_own)
{
	launch(0);
	ck_assert_int_eq(ask(cairn_Ask_ASK_STATUS, 1001, 1000), CR_EXIT_PERMISSION);
	ck_assert_int_eq(ask(cairn_Ask_ASK_KILL, 1001, 1000), CR_EXIT_PERMISSION);
	ck_assert_int_eq(ask(cairn_Ask_ASK_CHECKPOINT, 1001, 1000), CR_EXIT_PERMISSION);
	memset(&f.row, 0, sizeof(f.row));
	ck_assert_int_eq(ask(cairn_Ask_ASK_LIST, 1001, 1000), 0);
	ck_assert_int_eq(f.row.which_row, 0);
	ck_assert_int_eq(ask(cairn_Ask_ASK_LIST, 1000, 1000), 0);
	ck_assert_int_eq(f.row.which_row, cairn_Reply_job_tag);
	ck_assert_int_eq(ask(cairn_Ask_ASK_STATUS, 0, 1000), 0);
	ck_assert_int_eq(ask(cairn_Ask_ASK_DRAIN, 1000, 1000), CR_EXIT_PERMISSION);
	/* The name is this user's; another one may have a job of the same. */
	ck_assert_int_eq(ask(cairn_Ask_ASK_RUN, 1000, 1000), CR_EXIT_USAGE);
	ck_assert_int_eq(ask(cairn_Ask_ASK_KILL, 1000, 3000), 0);
	ck_assert_str_eq(f.reply.row.job.state, "ended");
}
END_TEST

/* What must hold after any accident: the job runs, as a whole, and can be saved. */
static void sound(const char *when)
{
	unsigned int i, k, epoch = 0;
	int status = -1;

	ck_assert_msg(fake_play(&f, 8000, all_live), "%s: %u of 3 members live; see %s", when,
		      fake_living(&f, job), f.log);
	for (i = 0; i < f.n; i++)
		for (k = 0; k < FAKE_MEMBERS; k++) {
			const struct fake_member *m = &f.nodes[i].members[k];

			if (!m->lives)
				continue;
			ck_assert_msg(!epoch || m->id.epoch == epoch, "%s: epochs %u and %u", when,
				      epoch, m->id.epoch);
			epoch = m->id.epoch;
		}
	/* On a host that is busy the nodes that we play may have lost their leases meanwhile. */
	for (i = 0; i < 5 && (status = ask(cairn_Ask_ASK_CHECKPOINT, 1000, 8000)); i++)
		fake_play(&f, 8000, all_live);
	ck_assert_msg(!status, "%s: %s; see %s", when, f.reply.error, f.log);
	ck_assert_msg(fake_living(&f, job) == 3, "%s: %u of 3 members live", when,
		      fake_living(&f, job));
}

START_TEST(checkpoint_and_recovery)
{
	launch(0);
	sound("at first");
	ck_assert_uint_eq(f.reply.row.job.number, 1);
	f.n = 4;
	snprintf(f.nodes[3].name, 16, "node3");
	strcpy(f.nodes[3].boot_id, "boot-3");
	f.nodes[3].fd = -1;
	f.nodes[3].store_id = 103;
	f.nodes[3].version = f.nodes[0].version;
	ck_assert(fake_play(&f, 2000, all_welcome));
	fake_node_dies(&f, 1);
	sound("a node lost");
	ck_assert_uint_eq(f.reply.row.job.epoch, 2);
}
END_TEST

static int checkpoint_for(cairn_Intent intent)
{
	cairn_Request q = request(cairn_Ask_ASK_CHECKPOINT, 1000);

	q.intent = intent;
	return fake_ask(&f, 0, &q, NULL, 0, 8000);
}

/* What is nobody's to ask for is refused, and not taken for something else. */
START_TEST(asked_by_intent)
{
	launch(0);
	ck_assert_int_eq(checkpoint_for(cairn_Intent_INTENT_RESTART), CR_EXIT_USAGE);
	ck_assert_int_eq(checkpoint_for(cairn_Intent_INTENT_MOVE), CR_EXIT_USAGE);
	ck_assert_int_eq(checkpoint_for(99), CR_EXIT_USAGE);
	ck_assert_int_eq(checkpoint_for(cairn_Intent_INTENT_CHECKPOINT), 0);
	ck_assert_int_eq(fake_living(&f, job), 3);
	ck_assert_int_eq(checkpoint_for(cairn_Intent_INTENT_STOP), 0);
	ck_assert_str_eq(f.reply.row.job.state, "stopped");
	ck_assert_int_eq(fake_living(&f, job), 0);
}
END_TEST

static bool dead(struct fake_cluster *c)
{
	return fake_died(c);
}

static void again(void)
{
	unsigned int i;

	fake_arm(&f, 0);
	f.kill_at = f.received = 0;
	for (i = 0; i < f.n; i++) {
		if (f.nodes[i].fd >= 0)
			close(f.nodes[i].fd);
		f.nodes[i].fd = -1;
		f.nodes[i].welcome = false;
	}
	fake_start(&f);
	ck_assert(fake_play(&f, 5000, all_welcome));
}

/* by_message: it dies when so many of its messages have been read, else at a write or send. */
static void arm(bool by_message, unsigned int at)
{
	if (by_message)
		f.kill_at = f.received + at;
	else
		fake_arm(&f, at);
}

/* At least so many deaths, so that the loops have not missed what they are for. */
static void killed_at_each(bool by_message, bool recovery, unsigned int least)
{
	unsigned int at, deaths = 0;
	char when[64];

	for (at = 1;; at++) {
		launch(0);
		sound("before");
		snprintf(when, sizeof(when), "%s, dead at %s %u",
			 recovery ? "recovery" : "checkpoint", by_message ? "message" : "point",
			 at);
		arm(by_message, at);
		if (recovery)
			fake_node_dies(&f, 1);
		else
			ask(cairn_Ask_ASK_CHECKPOINT, 1000, 700);
		if (!fake_play(&f, recovery ? 1500 : 300, dead))
			break;
		deaths++;
		again();
		sound(when);
		teardown();
		setup();
	}
	ck_assert_uint_ge(deaths, least);
}

START_TEST(killed_in_checkpoint)
{
	killed_at_each(_i, false, 10);
}
END_TEST

START_TEST(killed_in_recovery)
{
	killed_at_each(_i, true, 10);
}
END_TEST

/* Whether the coordinator has said so since its last start. */
static bool said(const char *text)
{
	char line[512];
	FILE *log = fopen(f.log, "r");
	bool found = false;

	while (log && fgets(line, sizeof(line), log))
		found = strstr(line, text) || (found && !strstr(line, "---- starts"));
	if (log)
		fclose(log);
	return found;
}

/*
 * Whichever allocation fails: it has said so and ended, and goes on when it is started again; or it
 * was the network's, and cost a connection.
 */
START_TEST(out_of_memory)
{
	unsigned int at, tries, deaths = 0;
	char when[64];
	bool starved;

	for (at = 1;; at += 1 + at / (_i ? 3 : 6)) {
		launch(0);
		f.may_end = true;
		fake_starve(&f, at);
		if (_i)
			fake_node_dies(&f, 1);
		else
			ask(cairn_Ask_ASK_CHECKPOINT, 1000, 500);
		/* On a slow machine it may not have come to it yet. */
		for (tries = 0; tries < 8 && !dead(&f) && !fake_starved(&f); tries++)
			fake_play(&f, _i ? 1500 : 200, dead);
		fake_play(&f, 200, dead);
		starved = fake_starved(&f);
		fake_starve(&f, 0);
		snprintf(when, sizeof(when), "no memory for allocation %u", at);
		if (dead(&f)) {
			deaths++;
			ck_assert_msg(WIFEXITED(f.status) &&
					      WEXITSTATUS(f.status) == CR_EXIT_INTERNAL &&
					      said("out of memory"),
				      "%s: it ended with %x; see %s", when, f.status, f.log);
			again();
		}
		sound(when);
		teardown();
		setup();
		if (!starved)
			break;
	}
	/* What follows a node's death asks for little memory, and some of it is the network's. */
	ck_assert_uint_ge(deaths, _i ? 3 : 10);
}
END_TEST

static unsigned int held(void)
{
	unsigned int i, k, n = 0;

	for (i = 0; i < f.n; i++)
		for (k = 0; k < FAKE_MEMBERS; k++)
			n += f.nodes[i].members[k].lives && f.nodes[i].members[k].held;
	return n;
}

/* Gone, or going on: nobody stands still for a word that nobody will say any more. */
static const char *end_of_stop(void)
{
	int tries;

	for (tries = 0; tries < 40; tries++) {
		ask(cairn_Ask_ASK_LIST, 1000, 2000);
		if (!strcmp(f.row.row.job.state, "stopped") && !fake_living(&f, job))
			return "stopped";
		if (!strcmp(f.row.row.job.state, "running") && fake_living(&f, job) == 3 && !held())
			return "running";
		fake_play(&f, 200, NULL);
	}
	return NULL;
}

START_TEST(killed_in_stop)
{
	unsigned int at, deaths = 0, stopped = 0;
	const char *end;
	cairn_Request q;

	for (at = 1;; at++) {
		launch(0);
		sound("before");
		arm(_i, at);
		q = request(cairn_Ask_ASK_CHECKPOINT, 1000);
		/* As a crctl asks from before there were intents. */
		q.stop = true;
		fake_ask(&f, 0, &q, NULL, 0, 700);
		if (!fake_play(&f, 300, dead))
			break;
		deaths++;
		again();
		end = end_of_stop();
		ck_assert_msg(end != NULL,
			      "dead at %u: %u live, %u of them held, and it is %s; see %s",
			      at, fake_living(&f, job), held(), f.row.row.job.state, f.log);
		stopped += *end == 's';
		teardown();
		setup();
	}
	ck_assert_uint_ge(deaths, 10);
	ck_assert_uint_ge(stopped, 1);
}
END_TEST

/* ---- members that are moved ---- */

static int migrate(const char *what, const char *node, int ms)
{
	cairn_Request q = request(cairn_Ask_ASK_MIGRATE, 1000);

	strcpy(q.job, what);
	strcpy(q.node, node);
	return fake_ask(&f, 0, &q, NULL, 0, ms);
}

/* Of a member that runs. */
static const char *place(unsigned int member)
{
	unsigned int i, k;

	for (i = 0; i < f.n; i++)
		for (k = 0; k < FAKE_MEMBERS; k++)
			if (f.nodes[i].members[k].lives && f.nodes[i].members[k].running &&
			    f.nodes[i].members[k].id.member == member)
				return f.nodes[i].name;
	return "nowhere";
}

static const char *other_than(const char *node)
{
	return strcmp(node, "node1") ? "node1" : "node2";
}

static struct fake_node *named(const char *name)
{
	unsigned int i;

	for (i = 0; strcmp(f.nodes[i].name, name); i++)
		;
	return &f.nodes[i];
}

static void refused(const char *what, const char *node, int status, const char *why)
{
	ck_assert_int_eq(migrate(what, node, 2000), status);
	ck_assert_msg(strstr(f.reply.error, why) != NULL, "%s", f.reply.error);
}

START_TEST(moved)
{
	const char *to, *before[3];
	cairn_Request q = request(cairn_Ask_ASK_DRAIN, 0);
	unsigned int i;

	launch(0);
	for (i = 0; i < 3; i++)
		before[i] = place(i);
	to = other_than(before[0]);
	ck_assert_msg(!migrate("job.0", to, 5000), "%s", f.reply.error);
	ck_assert_int_eq(f.reply.which_row, cairn_Reply_move_tag);
	ck_assert_int_eq(f.reply.row.move.stage, cairn_MoveStage_MOVE_DONE);
	ck_assert_str_eq(f.reply.row.move.from, before[0]);
	ck_assert_str_eq(f.reply.row.move.to, to);
	ck_assert_uint_eq(f.reply.row.move.bytes, 1000);
	ck_assert_uint_eq(f.reply.row.move.down_ms, f.reply.row.move.stop_ms +
							    f.reply.row.move.copy_ms +
							    f.reply.row.move.start_ms);
	ck_assert_str_eq(place(0), to);
	/* The others are where they were. */
	ck_assert_str_eq(place(1), before[1]);
	ck_assert_str_eq(place(2), before[2]);
	ck_assert_int_eq(migrate("job", "node0", 5000), 0);
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(place(i), "node0");
	refused("job", "node0", CR_EXIT_EXISTS, "node0 already");
	refused("job.1", "node0", CR_EXIT_EXISTS, "member 1 of job job is on node0 already");
	refused("job.7", "node1", CR_EXIT_NOT_FOUND, "no member 7");
	refused("job", "nowhere", CR_EXIT_NOT_FOUND, "no node nowhere");
	refused("other.1", "node1", CR_EXIT_NOT_FOUND, "no job other.1");
	strcpy(q.node, "node1");
	ck_assert_int_eq(fake_ask(&f, 0, &q, NULL, 0, 2000), 0);
	refused("job", "node1", CR_EXIT_NO_NODE, "node1 is draining");
	fake_node_dies(&f, 2);
	fake_play(&f, 1500, NULL);
	refused("job", "node2", CR_EXIT_NO_NODE, "node2 is not connected");
	ck_assert_int_eq(ask(cairn_Ask_ASK_KILL, 1000, 3000), 0);
	refused("job", "node0", CR_EXIT_NOT_FOUND, "does not run");
}
END_TEST

/* It fails where it was to go, in each way: the job goes on where it was, and no try is counted. */
START_TEST(not_moved)
{
	char home[3][16];
	const char *to;
	struct fake_node *n;
	cairn_Request q;
	unsigned int i;

	launch(0);
	/* Two failures in a row would be the job's end, or the first one if it is to stop. */
	ask(cairn_Ask_ASK_KILL, 1000, 3000);
	q = request(cairn_Ask_ASK_RUN, 1000);
	q.members = 3;
	q.has_policy = true;
	q.policy.replicas = 1;
	q.policy.has_replicas = q.policy.stop_on_failure = true;
	ck_assert_int_eq(fake_ask(&f, 0, &q, COMMAND, sizeof(COMMAND), 5000), 0);
	job = f.reply.row.job.id;
	ck_assert(fake_play(&f, 5000, all_live));
	for (i = 0; i < 3; i++)
		strcpy(home[i], place(i));
	to = other_than(home[0]);
	n = named(to);
	n->cannot_start = 1;
	refused("job.0", to, CR_EXIT_CLUSTER, "no such program");
	ck_assert_ptr_nonnull(strstr(f.reply.error, "it goes on on"));
	ck_assert_ptr_nonnull(strstr(f.reply.error, home[0]));
	n->cannot_start = 0;
	sound("after one that could not be started");
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(place(i), home[i]);
	n->refuses_images = true;
	refused("job.0", to, CR_EXIT_IO, "cannot be copied");
	n->refuses_images = false;
	sound("after one that could not be copied");
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(place(i), home[i]);
	ck_assert_msg(!migrate("job.0", to, 15000), "%s", f.reply.error);
	ck_assert_str_eq(place(0), to);
}
END_TEST

/* Dead at any instant of a move: it is on one node, and what was begun is ended. */
START_TEST(killed_in_move)
{
	unsigned int at, deaths = 0, moves = 0;
	char from[16], to[16], when[64];

	for (at = 1;; at++) {
		launch(0);
		sound("before");
		strcpy(from, place(0));
		strcpy(to, other_than(from));
		arm(_i, at);
		migrate("job.0", to, 700);
		if (!fake_play(&f, 300, dead))
			break;
		deaths++;
		again();
		snprintf(when, sizeof(when), "move, dead at %u", at);
		fake_play(&f, 1500, NULL);
		sound(when);
		moves += !strcmp(place(0), to);
		ck_assert_msg(!strcmp(place(0), to) || !strcmp(place(0), from), "%s: on %s; see %s",
			      when, place(0), f.log);
		/* Nothing is left of it. */
		ck_assert_msg(!migrate("job.0", other_than(place(0)), 5000), "%s: %s; see %s", when,
			      f.reply.error, f.log);
		teardown();
		setup();
	}
	ck_assert_uint_ge(deaths, 10);
	ck_assert_uint_ge(moves, 5);
}
END_TEST

/* ---- anything at any time ---- */

struct accident {
	const char *name;
	bool (*begin)(unsigned int node);
	void (*end)(unsigned int node);
};

static bool kill_coordinator(unsigned int node)
{
	if (!f.pid)
		return false;
	fake_kill(&f);
	return true;
}

static void start_coordinator(unsigned int node)
{
	fake_start(&f);
}

static bool cut(unsigned int node)
{
	f.nodes[node].cut = true;
	return !f.nodes[node].dead;
}

static void mend(unsigned int node)
{
	f.nodes[node].cut = false;
}

static bool power_off(unsigned int node)
{
	if (f.nodes[node].dead)
		return false;
	fake_node_dies(&f, node);
	return true;
}

static void power_on(unsigned int node)
{
	static unsigned int boots;

	snprintf(f.nodes[node].boot_id, sizeof(f.nodes[node].boot_id), "boot-again-%u", ++boots);
	f.nodes[node].dead = f.nodes[node].cut = false;
}

static bool break_link(unsigned int node)
{
	fake_disconnect(&f.nodes[node]);
	return true;
}

static bool crash(unsigned int node)
{
	return fake_member_crashes(&f, node);
}

static bool ask_for_checkpoint(unsigned int node)
{
	ask(cairn_Ask_ASK_CHECKPOINT, 1000, 1);
	return true;
}

static bool ask_for_move(unsigned int node)
{
	migrate(random() % 2 ? "job" : "job.1", f.nodes[node].name, 1);
	return true;
}

static bool ask_for_drain(unsigned int node)
{
	cairn_Request q = request(cairn_Ask_ASK_DRAIN, 0);

	strcpy(q.node, f.nodes[node].name);
	fake_ask(&f, 0, &q, NULL, 0, 1);
	return true;
}

static void undrain(unsigned int node)
{
	cairn_Request q = request(cairn_Ask_ASK_UNDRAIN, 0);
	unsigned int i;

	strcpy(q.node, f.nodes[node].name);
	for (i = 0; i < f.n; i++)
		fake_ask(&f, i, &q, NULL, 0, 50);
}

static const struct accident accidents[] = {
	{ "the coordinator is killed", kill_coordinator, start_coordinator },
	{ "cut off", cut, mend },
	{ "power off", power_off, power_on },
	{ "the link breaks", break_link, NULL },
	{ "a member crashes", crash, NULL },
	{ "a checkpoint", ask_for_checkpoint, NULL },
	{ "a move", ask_for_move, NULL },
	{ "a drain", ask_for_drain, undrain },
};

#define ACCIDENTS (sizeof(accidents) / sizeof(accidents[0]))

static void any_accident(const struct accident *a, FILE *log)
{
	unsigned int node = random() % f.n;

	if (!a->begin(node))
		return;
	fprintf(log, "test: node%u: %s\n", node, a->name);
	fflush(log);
	fake_play(&f, random() % (random() % 2 ? 100 : 1200), NULL);
	if (!a->end)
		return;
	fprintf(log, "test: node%u: %s: over\n", node, a->name);
	fflush(log);
	a->end(node);
}

/* As many seeds as CR_CHAOS says, from CR_SEED on; the accidents of a seed are the same. */
static void chaos(unsigned int seed)
{
	unsigned int i;
	char when[32];
	FILE *log;

	srandom(seed);
	snprintf(when, sizeof(when), "CR_SEED=%u", seed);
	f.n = 4;
	snprintf(f.nodes[3].name, 16, "node3");
	strcpy(f.nodes[3].boot_id, "boot-3");
	f.nodes[3].fd = -1;
	f.nodes[3].store_id = 103;
	f.nodes[3].version = f.nodes[0].version;
	launch(0.3);
	log = fopen(f.log, "a");
	f.damage = true;
	for (i = 0; i < 12; i++) {
		any_accident(&accidents[random() % ACCIDENTS], log);
		fake_play(&f, random() % 400, NULL);
	}
	ck_assert_msg(fake_play(&f, 5000, all_welcome), "%s: a node is not welcome", when);
	f.damage = false;
	fprintf(log, "test: calm\n");
	fclose(log);
	sound(when);
}

START_TEST(any_order)
{
	const char *n = getenv("CR_CHAOS"), *first = getenv("CR_SEED");
	unsigned int i, seed = first ? atoi(first) : 1, end = seed + (n ? atoi(n) : first ? 1 : 8);

	for (i = seed; i < end; i++) {
		chaos(i);
		if (i + 1 == end)
			break;
		teardown();
		setup();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("coordinator");
	TCase *t = tcase_create("coordinator"), *moves = tcase_create("moves");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 900);
	if (getenv("CR_SEED") || getenv("CR_CHAOS")) {
		tcase_add_test(t, any_order);
		goto run;
	}
	tcase_add_test(t, another_version);
	tcase_add_test(t, name_taken);
	tcase_add_test(t, only_ones_own);
	tcase_add_test(t, checkpoint_and_recovery);
	tcase_add_test(t, asked_by_intent);
	tcase_add_loop_test(t, killed_in_checkpoint, 0, 2);
	tcase_add_loop_test(t, killed_in_stop, 0, 1);
	tcase_add_loop_test(t, killed_in_recovery, 0, 2);
	tcase_add_loop_test(t, out_of_memory, 0, 2);
	tcase_add_test(t, any_order);
	tcase_add_checked_fixture(moves, setup, teardown);
	tcase_set_timeout(moves, 900);
	tcase_add_test(moves, moved);
	tcase_add_test(moves, not_moved);
	tcase_add_loop_test(moves, killed_in_move, 0, 2);
run:
	suite_add_tcase(suite, t);
	suite_add_tcase(suite, moves);
	suite_add_tcase(suite, reconcile_tests());
	suite_add_tcase(suite, node_members_tests());
	suite_add_tcase(suite, telemetry_tests());
	suite_add_tcase(suite, notice_tests());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
