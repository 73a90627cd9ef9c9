// SPDX-License-Identifier: Apache-2.0
//
// A coordinator for the tests of crnode: it does what it is told on its standard input, line by
// line, and prints what it gets. Usage: peer ADDRESS KEY
//
//   start JOB MEMBER EPOCH UID NUMBER COMMAND ARGUMENT…   kill JOB MEMBER EPOCH
//   checkpoint JOB MEMBER EPOCH COURSE NUMBER             advance JOB MEMBER EPOCH COURSE STEP
//   acks on|off      refuse TEXT      quit
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster.pb.h"
#include "common/defs.h"
#include "common/err.h"
#include "net/address.h"
#include "net/link.h"
#include "net/listener.h"
#include "net/trust.h"

#define LEASE_MS 1500

static struct event_base *base;
static struct cr_link *node;
static struct cr_trust *trust;
static struct cr_listener *listener;
static cairn_ClusterMsg out;
static bool silent;
static char refusal[256];
static uint64_t session, job = 100;

static void *begin(pb_size_t which)
{
	memset(&out, 0, sizeof(out));
	out.session = session;
	out.which_body = which;
	return &out.body;
}

static void send_out(const void *payload, size_t len)
{
	if (node)
		cr_link_send(node, &out, payload, len);
}

static void on_hello(const cairn_Hello *h)
{
	cairn_Welcome *w;

	printf("hello %s %s%s\n", h->name, h->addresses[0], h->privileged ? " privileged" : "");
	if (*refusal) {
		cairn_Refusal *r = begin(cairn_ClusterMsg_refusal_tag);

		snprintf(r->error, sizeof(r->error), "%s", refusal);
		send_out(NULL, 0);
		return;
	}
	session++;
	w = begin(cairn_ClusterMsg_welcome_tag);
	w->session = session;
	w->lease_ms = LEASE_MS;
	w->heartbeat_ms = 100;
	w->version = h->version;
	strcpy(w->cluster, "test");
	send_out(NULL, 0);
}

static void on_request(const cairn_Request *q)
{
	cairn_Reply *r = begin(cairn_ClusterMsg_reply_tag);

	printf("request %d uid %u job %s\n", q->ask, q->uid, q->job);
	r->id = q->id;
	r->last = true;
	if (q->ask == cairn_Ask_ASK_JOIN) {
		r->which_row = cairn_Reply_joined_tag;
		r->row.joined.has_id = true;
		r->row.joined.id = (cairn_MemberId){ job++, 0, 1 };
		r->row.joined.members = 1;
		snprintf(r->row.joined.name, sizeof(r->row.joined.name), "%s",
			 *q->job ? q->job : "job");
	} else {
		r->which_row = cairn_Reply_job_tag;
		strcpy(r->row.job.name, "a-job");
	}
	send_out(NULL, 0);
}

static void on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
		       void *arg)
{
	const cairn_ClusterMsg *m = msg;
	const cairn_MemberEvent *e = &m->body.event;
	cairn_HeartbeatAck *ack;

	switch (m->which_body) {
	case cairn_ClusterMsg_hello_tag:
		on_hello(&m->body.hello);
		break;
	case cairn_ClusterMsg_heartbeat_tag:
		if (silent)
			break;
		ack = begin(cairn_ClusterMsg_ack_tag);
		ack->sent_ns = m->body.heartbeat.sent_ns;
		ack->lease_ms = LEASE_MS;
		send_out(NULL, 0);
		break;
	case cairn_ClusterMsg_event_tag:
		printf("event %u.%u.%u state %d number %u status %d%s %s\n", (unsigned)e->id.job,
		       e->id.member, e->id.epoch, e->state, e->number, e->status,
		       e->signaled ? " signaled" : "", e->error);
		break;
	case cairn_ClusterMsg_arrive_tag:
		printf("arrive %u.%u.%u %u %s %zu bytes\n", (unsigned)m->body.arrive.id.job,
		       m->body.arrive.id.member, m->body.arrive.id.epoch, m->body.arrive.operation,
		       m->body.arrive.step, len);
		break;
	case cairn_ClusterMsg_holding_tag:
		printf("holding %u.%u %u state %d%s\n", (unsigned)m->body.holding.job,
		       m->body.holding.member, m->body.holding.number, m->body.holding.state,
		       m->body.holding.end ? " end" : "");
		break;
	case cairn_ClusterMsg_leaving_tag:
		printf("leaving %s %u\n", m->body.leaving.drain ? "drain" : "back",
		       m->body.leaving.back_ms);
		break;
	case cairn_ClusterMsg_request_tag:
		on_request(&m->body.request);
		break;
	default:
		printf("message %u\n", m->which_body);
	}
}

static void on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	printf("down %s\n", why->text);
	if (l == node)
		node = NULL;
}

static const struct cr_link_handler handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.message = on_message,
	.down = on_down,
};

static void on_accepted(struct cr_link *l, void *arg)
{
	node = l;
	cr_link_handle(l, &handler, NULL);
}

static void start(const char *line)
{
	cairn_Start *s = begin(cairn_ClusterMsg_start_tag);
	char payload[4096], text[1024];
	size_t len = 0;
	char *word, *save = NULL;
	unsigned int number;
	unsigned long id;
	int at = 0;

	s->has_id = true;
	sscanf(line, "%lu %u %u %u %u %n", &id, &s->id.member, &s->id.epoch, &s->uid, &number, &at);
	s->id.job = id;
	s->gid = s->uid;
	s->number = number;
	s->members = 1;
	s->operation = number ? 1 : 0;
	strcpy(s->name, "job");
	snprintf(text, sizeof(text), "%s", line + at);
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		len += sprintf(payload + len, "%s", word) + 1;
		s->arguments++;
	}
	payload[len++] = 0;
	len += sprintf(payload + len, "PATH=%s", getenv("PATH")) + 1;
	if (getenv("CR_RUNTIME_DIR"))
		len += sprintf(payload + len, "CR_RUNTIME_DIR=%s", getenv("CR_RUNTIME_DIR")) + 1;
	len += sprintf(payload + len, "/tmp") + 1;
	send_out(payload, len);
}

static void order(const char *line)
{
	cairn_MemberId id = { 0 };
	unsigned long number;
	unsigned int operation = 0, image = 0;
	char verb[16] = "", step[24] = "";

	if (sscanf(line, "%15s %lu %u %u %u %23s", verb, &number, &id.member, &id.epoch, &operation,
		   step) < 4)
		return;
	id.job = number;
	image = atoi(step);
	if (!strcmp(verb, "kill")) {
		cairn_Kill *k = begin(cairn_ClusterMsg_kill_tag);

		*k = (cairn_Kill){ .has_id = true, .id = id };
	} else if (!strcmp(verb, "checkpoint")) {
		cairn_Checkpoint *c = begin(cairn_ClusterMsg_checkpoint_tag);

		*c = (cairn_Checkpoint){ .has_id = true, .id = id, .operation = operation };
		c->number = image;
		c->members = 1;
	} else if (!strcmp(verb, "advance")) {
		/* The pieces of all members: of none. */
		cairn_Advance *a = begin(cairn_ClusterMsg_advance_tag);

		*a = (cairn_Advance){ .has_id = true, .id = id, .operation = operation };
		strcpy(a->step, step);
	}
	send_out(NULL, 0);
}

static void on_line(int fd, short what, void *arg)
{
	static char text[8192];
	static size_t have;
	char *end;
	ssize_t got = read(fd, text + have, sizeof(text) - have - 1);

	if (got <= 0) {
		event_base_loopbreak(base);
		return;
	}
	have += got;
	text[have] = 0;
	while ((end = strchr(text, '\n'))) {
		*end = 0;
		if (!strncmp(text, "start ", 6))
			start(text + 6);
		else if (!strncmp(text, "acks ", 5))
			silent = strcmp(text + 5, "on");
		else if (!strncmp(text, "refuse ", 7))
			snprintf(refusal, sizeof(refusal), "%.200s", text + 7);
		else if (!strcmp(text, "quit"))
			event_base_loopbreak(base);
		else
			order(text);
		have -= end + 1 - text;
		memmove(text, end + 1, have + 1);
	}
}

int main(int argc, char **argv)
{
	struct cr_err err = { 0 };
	struct sockaddr_storage at;
	struct event *input;
	socklen_t len;

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	setlinebuf(stdout);
	base = event_base_new();
	if (access(argv[2], F_OK) && cr_trust_make_key(argv[2], &err))
		goto failed;
	if (cr_trust_load(&(struct cr_trust_files){ .key = argv[2] }, &trust, &err) ||
	    cr_address_parse(argv[1], &at, &len, &err))
		goto failed;
	listener = cr_link_listen(base, (struct sockaddr *)&at, len, trust, on_accepted, NULL,
				  &err);
	if (!listener)
		goto failed;
	printf("port %u\n", cr_listener_port(listener));
	input = event_new(base, 0, EV_READ | EV_PERSIST, on_line, NULL);
	event_add(input, NULL);
	event_base_dispatch(base);
	return 0;
failed:
	cr_err_print(&err);
	return 1;
}
