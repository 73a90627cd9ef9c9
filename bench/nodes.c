// SPDX-License-Identifier: Apache-2.0
//
// Nodes that are not there, against a crcoordinator that is: N real links, each with heartbeats
// and one member of one job. Tells how long it takes until all are members, what the coordinator
// uses while nothing happens, and how long a checkpoint's barrier takes. By bench/scale.
//   nodes ADDRESS KEY PID NODES PROCESSES ROUNDS BYTES     PID: the coordinator's
// BYTES are what each member has to tell all others in the middle of a checkpoint. With no ROUNDS
// they send heartbeats until they are ended.
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cluster.pb.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"
#include "net/address.h"
#include "net/link.h"
#include "net/trust.h"

#define JOB "scale"
/* Steps of a checkpoint, as a shepherd takes them. */
static const char *const steps[] = { "stopped", "sockets", "saved" };
#define NSTEPS CR_ARRAY_SIZE(steps)

struct node {
	unsigned int number, beats;
	struct cr_link *link;
	struct event *beat;
	cairn_MemberId id;
	uint32_t operation, image;
	uint64_t session;
};

static struct {
	struct event_base *base;
	struct cr_trust *trust;
	struct sockaddr_storage to;
	socklen_t len;
	struct node *v;
	unsigned int n, processes, rounds, bytes, pid;
	/* how many are so far */
	unsigned int up, joined, told, through, tries;
	int64_t begin, asked, first, round_sum, round_max;
	unsigned int round;
	unsigned char *payload;
} all;

static int64_t now_us(void)
{
	return cr_now_ns(CLOCK_MONOTONIC) / 1000;
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "nodes: %s: %s\n", what, why);
	exit(1);
}

/* ---- what the coordinator uses ---- */

static double cpu_seconds(void)
{
	unsigned long user, system;
	char path[64], text[1024];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/stat", all.pid);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof(text), f))
		fail(path, strerror(errno));
	fclose(f);
	sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
	       &system);
	return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static unsigned long memory_kib(const char *field)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/status", all.pid);
	f = fopen(path, "r");
	if (!f)
		fail(path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)))
			kib = strtoul(line + strlen(field) + 1, NULL, 10);
	fclose(f);
	return kib;
}

/* ---- what nodes say ---- */

static void say(struct node *n, cairn_ClusterMsg *m, const void *payload, size_t len)
{
	m->session = n->session;
	if (!cr_link_send(n->link, m, payload, len))
		fail("send", "the link is not up");
}

static void say_event(struct node *n, cairn_MemberState state)
{
	cairn_ClusterMsg m = { .which_body = cairn_ClusterMsg_event_tag };
	cairn_MemberEvent *e = &m.body.event;

	e->has_id = true;
	e->id = n->id;
	e->state = state;
	e->processes = all.processes;
	e->rss_bytes = 1 << 30;
	if (state == cairn_MemberState_MEMBER_WRITTEN) {
		e->operation = n->operation;
		e->number = n->image;
		e->image_bytes = 1 << 30;
		e->stall_ns = 1000000;
	}
	say(n, &m, NULL, 0);
}

static void arrive(struct node *n, const char *step)
{
	cairn_ClusterMsg m = { .which_body = cairn_ClusterMsg_arrive_tag };

	m.body.arrive.has_id = true;
	m.body.arrive.id = n->id;
	m.body.arrive.operation = n->operation;
	strcpy(m.body.arrive.step, step);
	say(n, &m, all.payload, strcmp(step, "sockets") ? 0 : all.bytes);
}

static void ask(struct node *n, cairn_Ask what)
{
	cairn_ClusterMsg m = { .which_body = cairn_ClusterMsg_request_tag };
	cairn_Request *q = &m.body.request;

	q->id = 1;
	q->ask = what;
	strcpy(q->job, JOB);
	strcpy(q->command, "simulated");
	q->join = n->number > 0;
	/* Checkpoints when they are asked for only, and without copies. */
	q->has_policy = true;
	q->policy.has_replicas = true;
	say(n, &m, NULL, 0);
}

static void beat(evutil_socket_t fd, short what, void *arg)
{
	cairn_ClusterMsg m = { .which_body = cairn_ClusterMsg_heartbeat_tag };
	cairn_NodeSample *sample = &m.body.heartbeat.sample;
	struct node *n = arg;

	m.body.heartbeat.sent_ns = cr_now_ns(CLOCK_BOOTTIME);
	m.body.heartbeat.store_free = 1ull << 40;
	m.body.heartbeat.members = 1;
	m.body.heartbeat.has_sample = true;
	*sample = (cairn_NodeSample){ .has_cpu_percent = true,
				      .cpu_percent = (n->number * 7 + n->beats++) % 100,
				      .has_memory_bytes = true,
				      .memory_bytes = 1ull << 36,
				      .has_memory_available = true,
				      .memory_available = (1ull << 28) * (n->number % 256),
				      .has_store_bytes = true,
				      .store_bytes = 1ull << 40,
				      .has_store_free = true,
				      .store_free = 1ull << 39 };
	say(n, &m, NULL, 0);
}

static void on_up(struct cr_link *l, void *arg)
{
	cairn_ClusterMsg m = { .which_body = cairn_ClusterMsg_hello_tag };
	cairn_Hello *h = &m.body.hello;
	struct node *n = arg;

	h->version = CR_CLUSTER_VERSION;
	snprintf(h->name, sizeof(h->name), "sim%u", n->number);
	strcpy(h->boot_id, "0");
	h->store_id = n->number + 1;
	h->store_bytes = h->store_free = 1ull << 40;
	h->addresses_count = 1;
	snprintf(h->addresses[0], sizeof(h->addresses[0]), "10.%u.%u.1", n->number >> 8,
		 n->number & 255);
	h->privileged = true;
	strcpy(h->cairn, "simulated");
	say(n, &m, NULL, 0);
}

/* ---- what they are told ---- */

static void next_round(void)
{
	all.told = all.through = 0;
	all.asked = now_us();
	ask(&all.v[0], cairn_Ask_ASK_CHECKPOINT);
}

/* Everybody is a member: a while of heartbeats only, then checkpoints. */
static void on_settled(evutil_socket_t fd, short what, void *arg)
{
	double *before = arg;

	printf("%u nodes, %u processes each: idle %.1f %% of a CPU, %lu MiB\n", all.n,
	       all.processes, (cpu_seconds() - *before) / 5 * 100, memory_kib("VmRSS:") >> 10);
	fflush(stdout);
	if (all.rounds)
		next_round();
}

static void on_joined(struct node *n, const cairn_Reply *r)
{
	static const struct timeval five = { .tv_sec = 5 };
	static double before;

	n->id = r->row.joined.id;
	say_event(n, cairn_MemberState_MEMBER_RUNNING);
	if (++all.joined == all.n) {
		printf("all are members after %.1f s\n", (now_us() - all.begin) / 1e6);
		before = cpu_seconds();
		event_base_once(all.base, -1, EV_TIMEOUT, on_settled, &before, &five);
	} else {
		ask(&all.v[all.joined], cairn_Ask_ASK_JOIN);
	}
}

static void on_reply(struct node *n, const cairn_Reply *r)
{
	if (r->status)
		fail("refused", r->error);
	if (r->which_row == cairn_Reply_joined_tag) {
		on_joined(n, r);
		return;
	}
	printf("round %u: committed after %.0f ms\n", all.round, (now_us() - all.asked) / 1e3);
	fflush(stdout);
	if (all.round < all.rounds) {
		next_round();
		return;
	}
	printf("barrier: mean %.0f ms, worst %.0f ms; coordinator: %lu MiB at most, "
	       "%.2f s of CPU\n",
	       all.round_sum / 1e3 / all.rounds, all.round_max / 1e3, memory_kib("VmHWM:") >> 10,
	       cpu_seconds());
	fflush(stdout);
	_exit(0);
}

static void on_advance(struct node *n, const cairn_Advance *a)
{
	int64_t took;
	size_t i;

	for (i = 0; i < NSTEPS && strcmp(steps[i], a->step);)
		i++;
	if (i + 1 < NSTEPS) {
		arrive(n, steps[i + 1]);
		return;
	}
	if (++all.through == all.n) {
		took = now_us() - all.first;
		all.round++;
		all.round_sum += took;
		if (took > all.round_max)
			all.round_max = took;
		printf("round %u: barrier %.0f ms\n", all.round, took / 1e3);
	}
	say_event(n, cairn_MemberState_MEMBER_WRITTEN);
}

static void on_welcome(struct node *n, const cairn_ClusterMsg *m)
{
	struct timeval each = { .tv_usec = m->body.welcome.heartbeat_ms * 1000 };
	cairn_ClusterMsg end = { .which_body = cairn_ClusterMsg_holding_tag };

	each.tv_sec = each.tv_usec / 1000000;
	each.tv_usec %= 1000000;
	n->session = m->body.welcome.session;
	end.body.holding.end = true;
	say(n, &end, NULL, 0);
	n->beat = event_new(all.base, -1, EV_PERSIST, beat, n);
	event_add(n->beat, &each);
	if (++all.up == all.n) {
		printf("all are connected after %.1f s, %u tries more than nodes\n",
		       (now_us() - all.begin) / 1e6, all.tries);
		fflush(stdout);
		ask(&all.v[0], cairn_Ask_ASK_JOIN);
	}
}

static void on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
		       void *arg)
{
	const cairn_ClusterMsg *m = msg;
	struct node *n = arg;

	switch (m->which_body) {
	case cairn_ClusterMsg_welcome_tag:
		on_welcome(n, m);
		break;
	case cairn_ClusterMsg_reply_tag:
		on_reply(n, &m->body.reply);
		break;
	case cairn_ClusterMsg_checkpoint_tag:
		if (!all.told++)
			all.first = now_us();
		n->operation = m->body.checkpoint.operation;
		n->image = m->body.checkpoint.number;
		arrive(n, steps[0]);
		break;
	case cairn_ClusterMsg_advance_tag:
		on_advance(n, &m->body.advance);
		break;
	case cairn_ClusterMsg_refusal_tag:
		fail("refused", m->body.refusal.error);
		break;
	case cairn_ClusterMsg_abort_tag:
		fail("given up", m->body.abort.error);
		break;
	}
}

/* One process is slower to greet than a thousand; what the listener gave up comes again. */
static void connect_node(evutil_socket_t fd, short what, void *arg);

static void on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	static const struct timeval soon = { .tv_usec = 300000 };
	struct node *n = arg;

	if (n->session || all.tries++ > 100 * all.n)
		fail("link", why->text);
	event_base_once(all.base, -1, EV_TIMEOUT, connect_node, n, &soon);
}

static const struct cr_link_handler handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.up = on_up,
	.message = on_message,
	.down = on_down,
};

static void connect_node(evutil_socket_t fd, short what, void *arg)
{
	struct node *n = arg;

	n->link = cr_link_connect(all.base, (struct sockaddr *)&all.to, all.len, all.trust,
				  &handler, n);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 0 };
	struct cr_err err = { 0 };
	unsigned int i;

	if (argc != 8)
		fail("usage", "nodes ADDRESS KEY PID NODES PROCESSES ROUNDS BYTES");
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (cr_address_parse(argv[1], &all.to, &all.len, &err) ||
	    cr_trust_load(&(struct cr_trust_files){ .key = argv[2] }, &all.trust, &err))
		fail("start", err.text);
	all.pid = atoi(argv[3]);
	all.n = atoi(argv[4]);
	all.processes = atoi(argv[5]);
	all.rounds = atoi(argv[6]);
	all.bytes = atoi(argv[7]);
	all.payload = calloc(1, all.bytes + 1);
	all.v = calloc(all.n, sizeof(*all.v));
	all.base = event_base_new();
	all.begin = now_us();
	for (i = 0; i < all.n; i++) {
		all.v[i].number = i;
		connect_node(-1, 0, &all.v[i]);
	}
	event_base_dispatch(all.base);
	return 1;
}
