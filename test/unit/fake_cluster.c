// SPDX-License-Identifier: Apache-2.0
//
// See fake_cluster.h. The coordinator's process dies before or after one of its writes to the
// database or its messages: the linker puts our own functions around those two (--wrap).
#include "fake_cluster.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/io.h"
#include "common/xalloc.h"
#include "coordinator/database.h"
#include "coordinator/nodes.h"
#include "coordinator/server.h"
#include "net/net_frame.h"
#include "net/link.h"
#include "net/listener.h"

#define LEASE 0.3
#define HEARTBEAT 0.04

void (*fake_sent)(const void *msg);
static volatile long *point; /* shared; counts down to the death, 0: none */
static volatile long *allocations; /* shared; counts down to the one that fails, 0: none does */
static bool is_coordinator;

static void pass_point(void)
{
	if (point && *point > 0 && !--*point)
		_exit(9);
}

bool __wrap_cr_link_send(struct cr_link *l, const void *msg, const void *payload, size_t len);
bool __real_cr_link_send(struct cr_link *l, const void *msg, const void *payload, size_t len);
bool __wrap_cr_link_send(struct cr_link *l, const void *msg, const void *payload, size_t len)
{
	if (fake_sent) {
		fake_sent(msg);
		return true;
	}
	if (((const cairn_ClusterMsg *)msg)->which_body != cairn_ClusterMsg_ack_tag)
		pass_point();
	return __real_cr_link_send(l, msg, payload, len);
}

bool __wrap_cr_link_send_shared(struct cr_link *l, const void *msg, struct cr_shared *payload);
bool __real_cr_link_send_shared(struct cr_link *l, const void *msg, struct cr_shared *payload);
bool __wrap_cr_link_send_shared(struct cr_link *l, const void *msg, struct cr_shared *payload)
{
	if (!fake_sent)
		return __real_cr_link_send_shared(l, msg, payload);
	fake_sent(msg);
	return true;
}

int __wrap_sqlite3_step(sqlite3_stmt *s);
int __real_sqlite3_step(sqlite3_stmt *s);
int __wrap_sqlite3_step(sqlite3_stmt *s)
{
	int ret = __real_sqlite3_step(s);

	if (!strcmp(sqlite3_sql(s), "COMMIT"))
		pass_point();
	return ret;
}

/* ---- memory ---- */

static bool starves(void)
{
	return is_coordinator && *allocations > 0 && !--*allocations;
}

void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return starves() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return starves() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	return starves() ? NULL : __real_realloc(p, size);
}

/* ---- the coordinator ---- */

static void on_node(struct cr_link *l, void *arg)
{
	co_adopt(arg, l, false, 0, 0);
}

static struct sockaddr_un address(const struct fake_cluster *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/nodes.sock", f->dir);
	return a;
}

static void run(struct fake_cluster *f)
{
	struct sockaddr_un at = address(f);
	struct co *c = calloc(1, sizeof(*c));
	struct cr_err err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	event_set_mem_functions(cr_xmalloc, cr_xrealloc, free);
	is_coordinator = true;
	if (!freopen(f->log, "a", stderr))
		_exit(1);
	setvbuf(stderr, NULL, _IOLBF, 0);
	cr_say("---- starts");
	c->options = (struct cr_coordinator_options){ .state = f->dir,
						      .name = "fake",
						      .lease = LEASE,
						      .heartbeat = HEARTBEAT,
						      .ready_fd = -1 };
	unlink(at.sun_path);
	if (co_init(c, &err))
		goto failed;
	c->listener =
		cr_link_listen(c->base, (struct sockaddr *)&at, sizeof(at), NULL, on_node, c, &err);
	if (!c->listener)
		goto failed;
	co_fence_begin(c);
	co_run(c);
	_exit(0);
failed:
	cr_err_print(&err);
	_exit(1);
}

void fake_start(struct fake_cluster *f)
{
	f->pid = fork();
	ck_assert_int_ge(f->pid, 0);
	if (!f->pid)
		run(f);
}

void fake_arm(struct fake_cluster *f, long at)
{
	*point = at;
}

void fake_starve(struct fake_cluster *f, long at)
{
	*allocations = at;
}

bool fake_starved(struct fake_cluster *f)
{
	return !*allocations;
}

bool fake_died(struct fake_cluster *f)
{
	int status;

	if (!f->pid || waitpid(f->pid, &status, WNOHANG) != f->pid)
		return !f->pid;
	f->status = status;
	ck_assert_msg((WIFEXITED(status) && WEXITSTATUS(status) == 9) || WIFSIGNALED(status) ||
			      f->may_end,
		      "the coordinator ended with %x; see %s", status, f->log);
	ck_assert_msg(!WIFSIGNALED(status) || WTERMSIG(status) == SIGKILL,
		      "the coordinator died of signal %d; see %s", WTERMSIG(status), f->log);
	f->pid = 0;
	return true;
}

void fake_disconnect(struct fake_node *n)
{
	cr_close_fd(&n->fd);
	n->welcome = false;
}

void fake_kill(struct fake_cluster *f)
{
	unsigned int i;

	if (f->pid) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	f->pid = 0;
	/* What it has sent and we have not read is lost with it. */
	for (i = 0; i < f->n; i++)
		fake_disconnect(&f->nodes[i]);
}

void fake_begin(struct fake_cluster *f, const char *dir, unsigned int nodes)
{
	unsigned int i;

	if (!point)
		point = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*point = 0;
	allocations = point + 1;
	*allocations = 0;
	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "%s/state", dir);
	snprintf(f->log, sizeof(f->log), "%s/log", dir);
	f->n = nodes;
	for (i = 0; i < nodes; i++) {
		struct fake_node *n = &f->nodes[i];

		snprintf(n->name, sizeof(n->name), "node%u", i);
		snprintf(n->boot_id, sizeof(n->boot_id), "boot-%u", i);
		n->store_id = 100 + i;
		n->version = CR_CLUSTER_VERSION;
		n->fd = -1;
	}
	fake_start(f);
}

void fake_end(struct fake_cluster *f)
{
	fake_kill(f);
}

/* ---- what nodes say ---- */

static cairn_ClusterMsg out;

static cairn_ClusterMsg *message(pb_size_t which)
{
	memset(&out, 0, sizeof(out));
	out.which_body = which;
	return &out;
}

static void say(struct fake_node *n, const void *payload, size_t len)
{
	out.session = n->session;
	if (n->fd >= 0 && cr_frame_send(n->fd, cairn_ClusterMsg_fields, &out, payload, len, 1000))
		fake_disconnect(n);
}

static void say_event(struct fake_node *n, const struct fake_member *m, cairn_MemberState state)
{
	cairn_MemberEvent *e = &message(cairn_ClusterMsg_event_tag)->body.event;

	e->has_id = true;
	e->id = m->id;
	e->state = state;
	e->operation = m->operation;
	e->number = m->number;
	e->stall_ns = 5;
	e->image_bytes = 1000;
	e->processes = 1;
	e->signaled = true;
	e->status = 137;
	e->exit = state == cairn_MemberState_MEMBER_FAILED ? CR_EXIT_DAMAGED : 0;
	if (n->cannot_start == m->id.member + 1 && e->exit) {
		e->exit = e->status = 127;
		e->signaled = false;
		strcpy(e->error, "no such program");
	}
	say(n, NULL, 0);
}

static void say_arrive(struct fake_node *n, const struct fake_member *m)
{
	cairn_Arrive *a = &message(cairn_ClusterMsg_arrive_tag)->body.arrive;

	a->has_id = true;
	a->id = m->id;
	a->operation = m->operation;
	strcpy(a->step, m->step);
	say(n, m->step, strlen(m->step));
}

static void say_holding(struct fake_node *n, const struct fake_image *i, cairn_HoldingState state)
{
	cairn_Holding *h = &message(cairn_ClusterMsg_holding_tag)->body.holding;

	h->job = i->job;
	h->member = i->member;
	h->number = i->number;
	h->state = state;
	h->bytes = 1000;
	say(n, NULL, 0);
}

static void say_beat(struct fake_node *n, int64_t now)
{
	message(cairn_ClusterMsg_heartbeat_tag)->body.heartbeat.sent_ns = now * 1000000;
	out.body.heartbeat.quorum = n->generation;
	out.body.heartbeat.store_free = 1ull << 40;
	say(n, NULL, 0);
}

static void say_all(struct fake_node *n)
{
	unsigned int i;

	for (i = 0; i < FAKE_MEMBERS; i++)
		if (n->members[i].lives)
			say_event(n, &n->members[i],
				  n->members[i].running ? cairn_MemberState_MEMBER_RUNNING :
							  cairn_MemberState_MEMBER_STARTING);
	for (i = 0; i < FAKE_MEMBERS; i++)
		if (n->members[i].lives && n->members[i].step[0])
			say_arrive(n, &n->members[i]);
	for (i = 0; i < FAKE_IMAGES; i++)
		if (n->images[i].number)
			say_holding(n, &n->images[i], cairn_HoldingState_HOLDING_COMPLETE);
	message(cairn_ClusterMsg_holding_tag)->body.holding.end = true;
	say(n, NULL, 0);
}

static void connect_node(struct fake_cluster *f, struct fake_node *n)
{
	struct sockaddr_un to = address(f);
	cairn_Hello *h;

	n->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(n->fd, (struct sockaddr *)&to, sizeof(to))) {
		fake_disconnect(n);
		/* Nobody listens: so nobody starts our members elsewhere. */
		if (co_now() < n->lease_ms)
			n->lease_ms = co_now() + LEASE * 1000;
		return;
	}
	n->session = 0;
	h = &message(cairn_ClusterMsg_hello_tag)->body.hello;
	h->version = n->version;
	strcpy(h->name, n->name);
	strcpy(h->boot_id, n->boot_id);
	strcpy(h->cairn, "0.fake");
	h->store_id = n->store_id;
	h->store_bytes = h->store_free = 1ull << 40;
	h->addresses_count = 1;
	strcpy(h->addresses[0], "127.0.0.1");
	h->image_port = 1;
	h->privileged = true;
	say(n, NULL, 0);
}

/* ---- what nodes do ---- */

static struct fake_member *member(struct fake_node *n, const cairn_MemberId *id)
{
	unsigned int i;

	for (i = 0; i < FAKE_MEMBERS; i++)
		if (n->members[i].lives && n->members[i].id.job == id->job &&
		    n->members[i].id.member == id->member && n->members[i].id.epoch == id->epoch)
			return &n->members[i];
	return NULL;
}

static struct fake_image *image(struct fake_node *n, uint64_t job, uint32_t member, uint32_t number,
				bool make)
{
	struct fake_image *spare = NULL;
	unsigned int i;

	for (i = 0; i < FAKE_IMAGES; i++) {
		struct fake_image *at = &n->images[i];

		if (!at->number)
			spare = spare ? spare : at;
		else if (at->job == job && at->member == member && at->number == number)
			return at;
	}
	if (!make)
		return NULL;
	ck_assert_ptr_nonnull(spare);
	*spare = (struct fake_image){ job, member, number, false };
	return spare;
}

static void live(struct fake_cluster *f, struct fake_node *n, const cairn_MemberId *id)
{
	unsigned int i, k;

	for (i = 0; i < f->n; i++)
		for (k = 0; k < FAKE_MEMBERS; k++) {
			const struct fake_member *m = &f->nodes[i].members[k];

			ck_assert_msg(
				!m->lives || m->id.job != id->job || m->id.member != id->member,
				"member %u is started on %s, and lives on %s (epochs %u, %u); "
				"see %s",
				id->member, n->name, f->nodes[i].name, id->epoch, m->id.epoch,
				f->log);
		}
	for (k = 0; n->members[k].lives; k++)
		ck_assert_int_lt(k + 1, FAKE_MEMBERS);
	n->members[k] = (struct fake_member){ .lives = true, .id = *id };
}

/* Another node that lives has it. */
static bool elsewhere(struct fake_cluster *f, struct fake_node *n, const cairn_Start *s)
{
	unsigned int i;

	for (i = 0; i < f->n; i++)
		if (&f->nodes[i] != n && !f->nodes[i].dead &&
		    image(&f->nodes[i], s->id.job, s->id.member, s->number, false))
			return true;
	return false;
}

static void on_start(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	const cairn_Start *s = &m->body.start;
	struct fake_member *it;

	/* One that lay in the socket while the node stood still: it has no lease. */
	if (member(n, &s->id))
		return;
	if (co_now() >= n->lease_ms) {
		struct fake_member none = { .id = s->id };

		say_event(n, &none, cairn_MemberState_MEMBER_FENCED);
		return;
	}
	f->starts++;
	live(f, n, &s->id);
	it = member(n, &s->id);
	if (!s->number) {
		it->running = true;
		say_event(n, it, cairn_MemberState_MEMBER_RUNNING);
		return;
	}
	ck_assert_msg(image(n, s->id.job, s->id.member, s->number, false) != NULL,
		      "member %u is started on %s from %u, which is not there; see %s",
		      s->id.member, n->name, s->number, f->log);
	if (n->cannot_start == s->id.member + 1 ||
	    (f->damage && random() % 8 == 0 && elsewhere(f, n, s))) {
		if (!n->cannot_start)
			image(n, s->id.job, s->id.member, s->number, false)->number = 0;
		say_event(n, it, cairn_MemberState_MEMBER_FAILED);
		it->lives = false;
		return;
	}
	it->restores = true;
	it->operation = s->operation;
	it->number = s->number;
	strcpy(it->step, "restored");
	say_arrive(n, it);
}

static void on_kill(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	struct fake_member *it = member(n, &m->body.kill.id);

	if (!it)
		return;
	say_event(n, it, cairn_MemberState_MEMBER_EXITED);
	it->lives = false;
}

static void on_checkpoint(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	struct fake_member *it = member(n, &m->body.checkpoint.id);

	if (!it)
		return;
	it->operation = m->body.checkpoint.operation;
	it->number = m->body.checkpoint.number;
	it->held = m->body.checkpoint.stop;
	strcpy(it->step, "stopped");
	say_arrive(n, it);
}

static struct fake_node *by_name(struct fake_cluster *f, const char *name)
{
	unsigned int i;

	for (i = 0; i < f->n; i++)
		if (!strcmp(f->nodes[i].name, name))
			return &f->nodes[i];
	return NULL;
}

/* True when it is done with, one way or another. */
static bool ship(struct fake_cluster *f, struct fake_node *from, const cairn_Ship *s)
{
	struct fake_image *i = image(from, s->job, s->member, s->number, false);
	struct fake_node *to = by_name(f, s->node);

	if (!to || to->dead || !i)
		return !to || to->dead;
	if (to->cut || to->fd < 0)
		return false;
	i = image(to, s->job, s->member, s->number, !to->refuses_images);
	if (i) {
		say_holding(to, i, cairn_HoldingState_HOLDING_COMPLETE);
	} else {
		cairn_Holding *h = &message(cairn_ClusterMsg_holding_tag)->body.holding;

		h->job = s->job;
		h->member = s->member;
		h->number = s->number;
		strcpy(h->error, "disk full");
		say(to, NULL, 0);
	}
	return true;
}

static void ship_all(struct fake_cluster *f, struct fake_node *n)
{
	unsigned int i, left = 0;

	for (i = 0; i < n->n_ships; i++)
		if (!ship(f, n, &n->ships[i]))
			n->ships[left++] = n->ships[i];
	n->n_ships = left;
}

static void written(struct fake_cluster *f, struct fake_node *n, struct fake_member *it)
{
	image(n, it->id.job, it->id.member, it->number, true);
	say_holding(n, image(n, it->id.job, it->id.member, it->number, false),
		    cairn_HoldingState_HOLDING_COMPLETE);
	say_event(n, it, cairn_MemberState_MEMBER_WRITTEN);
}

static void on_advance(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	struct fake_member *it = member(n, &m->body.advance.id);

	if (!it || it->operation != m->body.advance.operation ||
	    strcmp(it->step, m->body.advance.step))
		return;
	if (!strcmp(it->step, "stopped") || !strcmp(it->step, "restored")) {
		strcpy(it->step, it->restores ? "ready" : "saved");
		say_arrive(n, it);
		return;
	}
	it->step[0] = 0;
	if (it->restores) {
		it->running = true;
		it->restores = false;
		say_event(n, it, cairn_MemberState_MEMBER_RUNNING);
	} else {
		written(f, n, it);
	}
	it->operation = 0;
}

static void on_abort(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	struct fake_member *it = member(n, &m->body.abort.id);

	if (!it || it->operation != m->body.abort.operation)
		return;
	it->step[0] = 0;
	it->operation = 0;
	it->held = false;
	if (!it->restores)
		return;
	say_event(n, it, cairn_MemberState_MEMBER_FENCED);
	it->lives = false;
}

static void on_ship(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	if (n->n_ships < FAKE_IMAGES)
		n->ships[n->n_ships++] = m->body.ship;
}

static void on_drop(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	const cairn_Drop *d = &m->body.drop;
	struct fake_image *i = image(n, d->job, d->member, d->number, false);

	if (i)
		i->number = 0;
}

static void on_welcome(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	n->welcome = true;
	n->session = m->body.welcome.session;
	n->n_ships = 0;
	say_beat(n, co_now());
	say_all(n);
}

static void on_reply(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	const cairn_Reply *r = &m->body.reply;

	if (r->which_row == cairn_Reply_joined_tag) {
		live(f, n, &r->row.joined.id);
		member(n, &r->row.joined.id)->running = true;
		f->starts++;
	}
	if (r->last)
		f->reply = *r;
	else
		f->row = *r;
	if (r->which_row == cairn_Reply_joined_tag)
		say_event(n, member(n, &r->row.joined.id), cairn_MemberState_MEMBER_RUNNING);
}

/* Promises at once, and vouches for nobody. */
static void on_quorum(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	cairn_Promise *p;

	n->generation = m->body.quorum.generation;
	p = &message(cairn_ClusterMsg_promise_tag)->body.promise;
	p->round = m->body.quorum.round;
	say(n, NULL, 0);
}

static void on_ack(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	int64_t until = m->body.ack.sent_ns / 1000000 + m->body.ack.lease_ms;

	if (until > n->lease_ms)
		n->lease_ms = until;
}

/* What its shepherds do when its lease is over. */
static void look_at_lease(struct fake_cluster *f, struct fake_node *n, int64_t now)
{
	unsigned int i;

	for (i = 0; now >= n->lease_ms && i < FAKE_MEMBERS; i++) {
		if (!n->members[i].lives)
			continue;
		f->fenced++;
		n->members[i].lives = false;
		/* It is told by not being there when the node comes anew. */
		fake_disconnect(n);
	}
}

static void on_refusal(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m)
{
	/* As crnode does: tries again, until its earlier life is over. */
	if (!f->damage)
		n->refusal = m->body.refusal;
}

static const struct {
	pb_size_t which;
	void (*on)(struct fake_cluster *f, struct fake_node *n, const cairn_ClusterMsg *m);
} handlers[] = {
	{ cairn_ClusterMsg_start_tag, on_start },
	{ cairn_ClusterMsg_kill_tag, on_kill },
	{ cairn_ClusterMsg_advance_tag, on_advance },
	{ cairn_ClusterMsg_abort_tag, on_abort },
	{ cairn_ClusterMsg_ship_tag, on_ship },
	{ cairn_ClusterMsg_drop_tag, on_drop },
	{ cairn_ClusterMsg_welcome_tag, on_welcome },
	{ cairn_ClusterMsg_reply_tag, on_reply },
	{ cairn_ClusterMsg_refusal_tag, on_refusal },
	{ cairn_ClusterMsg_quorum_tag, on_quorum },
	{ cairn_ClusterMsg_ack_tag, on_ack },
	{ cairn_ClusterMsg_checkpoint_tag, on_checkpoint },
};

/* Reads what has come; false if nothing had. */
static bool listen_to(struct fake_cluster *f, struct fake_node *n)
{
	static cairn_ClusterMsg in;
	void *payload = NULL;
	size_t len, i;
	int ret;

	ret = cr_frame_recv(n->fd, cairn_ClusterMsg_fields, &in, &payload, &len, 0);
	free(payload);
	if (ret != 1) {
		if (ret != -ETIMEDOUT && ret != -EAGAIN)
			fake_disconnect(n);
		return false;
	}
	if (in.which_body != cairn_ClusterMsg_ack_tag && f->kill_at &&
	    ++f->received == f->kill_at) {
		fake_kill(f);
		return false;
	}
	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].which == in.which_body)
			handlers[i].on(f, n, &in);
	return true;
}

static void beat(struct fake_cluster *f, int64_t now)
{
	unsigned int i;

	f->beat_ms = now;
	for (i = 0; i < f->n; i++)
		if (f->nodes[i].welcome && !f->nodes[i].cut)
			say_beat(&f->nodes[i], now);
}

bool fake_play(struct fake_cluster *f, int ms, bool (*done)(struct fake_cluster *f))
{
	int64_t end = co_now() + ms, now;
	unsigned int i;
	bool any;

	while ((now = co_now()) < end) {
		if (done && done(f))
			return true;
		any = false;
		for (i = 0; i < f->n; i++) {
			struct fake_node *n = &f->nodes[i];

			if (n->dead || n->refusal.status)
				continue;
			look_at_lease(f, n, co_now());
			if (n->cut)
				continue;
			if (n->fd < 0 && !fake_died(f))
				connect_node(f, n);
			while (n->fd >= 0 && listen_to(f, n))
				any = true;
			ship_all(f, n);
		}
		if (now - f->beat_ms >= HEARTBEAT * 1000)
			beat(f, now);
		if (!any)
			usleep(2000);
	}
	return done && done(f);
}

static bool answered(struct fake_cluster *f)
{
	return f->reply.id == f->next_request;
}

int fake_ask(struct fake_cluster *f, unsigned int node, cairn_Request *q, const char *payload,
	     size_t len, int ms)
{
	q->id = ++f->next_request;
	memset(&f->reply, 0, sizeof(f->reply));
	message(cairn_ClusterMsg_request_tag)->body.request = *q;
	say(&f->nodes[node], payload, len);
	return fake_play(f, ms, answered) ? (int)f->reply.status : -1;
}

bool fake_member_crashes(struct fake_cluster *f, unsigned int node)
{
	struct fake_node *n = &f->nodes[node];
	unsigned int i;

	for (i = 0; i < FAKE_MEMBERS; i++)
		if (n->members[i].lives && n->members[i].running && !n->cut && !n->dead) {
			say_event(n, &n->members[i], cairn_MemberState_MEMBER_EXITED);
			n->members[i].lives = false;
			return true;
		}
	return false;
}

void fake_node_dies(struct fake_cluster *f, unsigned int node)
{
	struct fake_node *n = &f->nodes[node];

	fake_disconnect(n);
	n->dead = true;
	memset(n->members, 0, sizeof(n->members));
}

unsigned int fake_living(const struct fake_cluster *f, uint64_t job)
{
	unsigned int i, k, living = 0;

	for (i = 0; i < f->n; i++)
		for (k = 0; k < FAKE_MEMBERS; k++)
			living += f->nodes[i].members[k].lives && f->nodes[i].members[k].running &&
				  f->nodes[i].members[k].id.job == job;
	return living;
}
