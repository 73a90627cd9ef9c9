// SPDX-License-Identifier: Apache-2.0
//
// Leases and quorum peers: a cluster in a simulation, where everything goes wrong at random. What
// must hold: no member of a job lives on two nodes, by the nodes' own clocks; and when all is well
// again every job runs.
#include "coordinator/leases.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define MS 1000000ll
#define LEASE (2000 * MS)
#define STEP (10 * MS)
#define NODES_MAX 7
#define JOBS 6
#define COORDINATOR NODES_MAX
#define HOSTS (NODES_MAX + 1)

enum kind { CONNECT, BEAT, ACK, WELCOME, TELL, PROMISE, START, CLOSED, REFUSED, ASK, YES, DONE };

struct msg {
	enum kind kind;
	unsigned int from, to;
	uint64_t session;
	int64_t at; /* real time of its arrival, if nothing is cut */
	int64_t sent, ms;
	uint32_t generation, round, seen[JOBS], epoch;
	unsigned int job, n;
	unsigned int nodes[CR_QUORUM_MAX];
	bool runs[JOBS];
	char barred[64];
	size_t barred_len;
};

struct node {
	bool up; /* crnode */
	bool exists;
	int64_t frozen; /* until, real time */
	int64_t until; /* of its lease, own clock */
	uint64_t session;
	bool welcome;
	int64_t beat, acked; /* own clock */
	struct cr_quorum quorum;
	struct cr_voucher voucher;
	bool runs[JOBS];
	uint32_t seen[JOBS];
};

struct coordinator {
	bool up;
	struct cr_fence fence;
	uint64_t session[NODES_MAX];
	int64_t heard[NODES_MAX];
	int64_t reform;
	/* in the database */
	struct {
		unsigned int node; /* NODES_MAX: none yet */
		uint32_t epoch;
	} jobs[JOBS];
	struct cr_fence_generation generations[CR_GENERATIONS_MAX];
	unsigned int n_generations;
	bool known[NODES_MAX];
};

static struct {
	int64_t now; /* real */
	unsigned int n;
	double rate[HOSTS];
	int64_t offset[HOSTS];
	bool cut[HOSTS][HOSTS]; /* from, to */
	struct node node[NODES_MAX];
	struct coordinator c;
	struct msg *mail;
	size_t n_mail, room;
	int64_t last[HOSTS][HOSTS][4]; /* when what was posted last arrives: streams keep order */
	uint64_t sessions;
	unsigned int moved, taken;
	uint64_t random;
	int64_t delay; /* of messages, at most */
} s;

static unsigned int rnd(unsigned int n)
{
	s.random = s.random * 6364136223846793005ull + 1442695040888963407ull;
	return (s.random >> 33) % n;
}

static int64_t clock_of(unsigned int host)
{
	return s.offset[host] + (int64_t)(s.now * s.rate[host]);
}

static const char *name_of(unsigned int node)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g" };

	return names[node];
}

static void post(struct msg m)
{
	struct msg *slot = cr_grow(&s.mail, &s.n_mail, &s.room, sizeof(m));
	int64_t *last = &s.last[m.from][m.to][m.session % 4];

	ck_assert_ptr_nonnull(slot);
	m.at = s.now + (1 + rnd(s.delay / MS)) * MS;
	if (m.at < *last)
		m.at = *last;
	*last = m.at;
	*slot = m;
}

static bool lives(unsigned int node, unsigned int job)
{
	return s.node[node].runs[job] && clock_of(node) < s.node[node].until;
}

static void check_copies(void)
{
	for (unsigned int j = 0; j < JOBS; j++) {
		unsigned int copies = 0;

		for (unsigned int i = 0; i < s.n; i++)
			copies += lives(i, j);
		ck_assert_msg(copies <= 1, "job %u lives %u times at %lld ms", j, copies,
			      (long long)(s.now / MS));
	}
}

/* ---- a node ---- */

static void look(struct node *n, unsigned int i)
{
	if (clock_of(i) >= n->until)
		memset(n->runs, 0, sizeof(n->runs));
}

static void renew(struct node *n, int64_t until)
{
	if (until > n->until)
		n->until = until;
}

static void voted(struct node *n, unsigned int i, unsigned int witness, int64_t sent)
{
	int64_t from = cr_quorum_vouched(&n->quorum, name_of(witness), sent);

	if (from != INT64_MIN && clock_of(i) < n->until)
		renew(n, from + LEASE);
}

static void node_hears(unsigned int i, const struct msg *m)
{
	struct node *n = &s.node[i];
	int64_t now = clock_of(i);
	const char *names[CR_QUORUM_MAX];
	struct msg out = { .from = i, .to = m->from, .session = m->session, .sent = m->sent };

	look(n, i);
	switch (m->kind) {
	case ASK:
		out.kind = YES;
		if (cr_voucher_ask(&n->voucher, name_of(m->from), LEASE, now))
			post(out);
		return;
	case YES:
		voted(n, i, m->from, m->sent);
		return;
	case REFUSED:
		if (now < n->until)
			renew(n, m->sent + LEASE);
		return;
	default:
		break;
	}
	if (m->session != n->session)
		return;
	switch (m->kind) {
	case WELCOME:
		n->welcome = true;
		n->acked = now;
		if (now >= n->until)
			cr_quorum_set(&n->quorum, 0, NULL, 0);
		break;
	case ACK:
		n->acked = now;
		renew(n, m->sent + LEASE);
		break;
	case TELL:
		for (unsigned int k = 0; k < m->n; k++)
			names[k] = name_of(m->nodes[k]);
		if (m->generation != n->quorum.generation)
			cr_quorum_set(&n->quorum, m->generation, names, m->n);
		out.kind = PROMISE;
		out.round = m->round;
		out.ms = cr_voucher_bar(&n->voucher, m->barred, m->barred_len, LEASE, now);
		ck_assert(out.ms >= 0);
		post(out);
		break;
	case START:
		if (now < n->until && m->epoch > n->seen[m->job]) {
			n->runs[m->job] = true;
			n->seen[m->job] = m->epoch;
		}
		break;
	case CLOSED:
		n->session = 0;
		break;
	default:
		ck_abort_msg("kind %d", m->kind);
	}
}

static void node_beats(unsigned int i)
{
	struct node *n = &s.node[i];
	int64_t now = clock_of(i);
	struct msg out = { .from = i, .to = COORDINATOR, .sent = now };

	look(n, i);
	if (now - n->beat < 250 * MS)
		return;
	n->beat = now;
	if (n->session && now - n->acked > 1500 * MS)
		n->session = 0;
	if (!n->session) {
		n->session = ++s.sessions;
		n->welcome = false;
		n->acked = now;
		out.kind = CONNECT;
	} else {
		out.kind = BEAT;
	}
	out.session = n->session;
	out.generation = n->quorum.generation;
	memcpy(out.runs, n->runs, sizeof(out.runs));
	memcpy(out.seen, n->seen, sizeof(out.seen));
	if (out.kind == CONNECT || n->welcome)
		post(out);
	if (n->until > now + 1300 * MS)
		return;
	for (unsigned int k = 0; k < n->quorum.n; k++) {
		for (unsigned int w = 0; w < s.n; w++) {
			struct msg ask = { .kind = ASK, .from = i, .to = w, .sent = now };

			if (strcmp(n->quorum.v[k].node, name_of(w)))
				continue;
			if (w != i)
				post(ask);
			else if (cr_voucher_ask(&n->voucher, name_of(i), LEASE, now))
				voted(n, i, i, now);
		}
	}
}

static void node_begins(unsigned int i, bool boot)
{
	struct node *n = &s.node[i];

	n->up = n->exists = true;
	n->session = 0;
	cr_voucher_free(&n->voucher);
	cr_voucher_init(&n->voucher, clock_of(i));
	memset(&n->quorum, 0, sizeof(n->quorum));
	if (boot) {
		n->until = INT64_MIN;
		memset(n->runs, 0, sizeof(n->runs));
	}
}

/* ---- the coordinator ---- */

static void tell_all(void)
{
	struct coordinator *c = &s.c;
	const struct cr_fence_generation *g = cr_fence_present(&c->fence);
	struct msg m = { .kind = TELL, .from = COORDINATOR, .round = c->fence.round };

	if (g) {
		m.generation = g->number;
		m.n = g->n;
		memcpy(m.nodes, g->nodes, sizeof(m.nodes));
	}
	for (unsigned int i = 0; i < s.n; i++) {
		if (!c->known[i] || !c->fence.nodes[i].barred)
			continue;
		strcpy(m.barred + m.barred_len, name_of(i));
		m.barred_len += strlen(name_of(i)) + 1;
	}
	for (unsigned int i = 0; i < s.n; i++) {
		m.to = i;
		m.session = c->session[i];
		if (m.session)
			post(m);
	}
}

/* Writes down which generations there are. */
static void keep(void)
{
	memcpy(s.c.generations, s.c.fence.generations, sizeof(s.c.generations));
	s.c.n_generations = s.c.fence.n_generations;
}

static void start_job(unsigned int j)
{
	struct msg m = { .kind = START, .from = COORDINATOR, .job = j };
	unsigned int first = rnd(s.n);

	for (unsigned int k = 0; k < s.n; k++) {
		unsigned int i = (first + k) % s.n;

		if (!s.c.session[i])
			continue;
		s.c.jobs[j].node = i;
		m.epoch = ++s.c.jobs[j].epoch;
		m.to = i;
		m.session = s.c.session[i];
		s.moved++;
		for (unsigned int x = 0; x < s.n; x++)
			ck_assert_msg(!lives(x, j), "job %u starts on %s and lives on %s", j,
				      name_of(i), name_of(x));
		post(m);
		return;
	}
	s.c.jobs[j].node = NODES_MAX;
}

static void hears_jobs(unsigned int i, const struct msg *m)
{
	for (unsigned int j = 0; j < JOBS; j++) {
		struct msg again = { .kind = START,
				     .from = COORDINATOR,
				     .to = i,
				     .session = m->session,
				     .job = j,
				     .epoch = s.c.jobs[j].epoch };

		if (s.c.jobs[j].node != i)
			continue;
		if (m->seen[j] < s.c.jobs[j].epoch)
			post(again);
		else if (!m->runs[j])
			start_job(j);
	}
}

static void coordinator_hears(const struct msg *m)
{
	struct coordinator *c = &s.c;
	unsigned int i = m->from;
	int64_t now = clock_of(COORDINATOR);
	struct msg out = { .from = COORDINATOR, .to = i, .session = m->session, .sent = m->sent };

	if (!c->up) {
		out.kind = m->kind == CONNECT ? REFUSED : CLOSED;
		post(out);
		if (m->kind == CONNECT) {
			out.kind = CLOSED;
			post(out);
		}
		return;
	}
	if (m->kind == CONNECT) {
		c->known[i] = true;
		cr_fence_add(&c->fence, i);
		c->session[i] = m->session;
		cr_fence_welcome(&c->fence, i, now);
		out.kind = WELCOME;
		post(out);
		tell_all();
	} else if (c->session[i] != m->session) {
		out.kind = CLOSED;
		post(out);
		return;
	}
	c->heard[i] = now;
	if (m->kind == PROMISE) {
		cr_fence_promised(&c->fence, i, m->round, m->ms, now);
		return;
	}
	if (cr_fence_unbar(&c->fence, i))
		tell_all();
	cr_fence_knows(&c->fence, i, m->generation, now);
	if (cr_fence_ack(&c->fence, i, LEASE, now)) {
		out.kind = ACK;
		post(out);
	}
	hears_jobs(i, m);
}

static void reform(void)
{
	struct coordinator *c = &s.c;
	unsigned int nodes[CR_QUORUM_MAX], n = 0, first = rnd(s.n);

	for (unsigned int k = 0; k < s.n && n < CR_QUORUM_MAX; k++)
		if (c->session[(first + k) % s.n])
			nodes[n++] = (first + k) % s.n;
	if (cr_fence_generation(&c->fence, nodes, n)) {
		keep();
		tell_all();
	}
}

static void coordinator_works(void)
{
	struct coordinator *c = &s.c;
	int64_t now = clock_of(COORDINATOR);
	bool news = false;

	for (unsigned int i = 0; i < s.n; i++) {
		if (!c->known[i] || now - c->heard[i] < 1000 * MS)
			continue;
		news |= cr_fence_bar(&c->fence, i);
		if (c->fence.nodes[i].taken || !cr_fence_take(&c->fence, i, now))
			continue;
		s.taken++;
		keep();
		c->session[i] = 0;
		for (unsigned int j = 0; j < JOBS; j++)
			if (c->jobs[j].node == i)
				start_job(j);
	}
	if (news)
		tell_all();
	for (unsigned int j = 0; j < JOBS; j++)
		if (c->jobs[j].node == NODES_MAX)
			start_job(j);
	if (now > c->reform) {
		c->reform = now + 3000 * MS;
		reform();
	}
}

static void coordinator_begins(void)
{
	struct coordinator *c = &s.c;
	int64_t now = clock_of(COORDINATOR);

	cr_fence_free(&c->fence);
	cr_fence_init(&c->fence, LEASE, now);
	for (unsigned int i = 0; i < s.n; i++) {
		c->session[i] = 0;
		c->heard[i] = now;
		if (c->known[i])
			cr_fence_add(&c->fence, i);
	}
	for (unsigned int i = 0; i < c->n_generations; i++)
		ck_assert(cr_fence_remember(&c->fence, c->generations[i].number,
					    c->generations[i].nodes, c->generations[i].n));
	c->reform = now + 500 * MS;
	c->up = true;
}

/* ---- the world ---- */

static bool asleep(unsigned int host)
{
	return host < NODES_MAX && (!s.node[host].up || s.now < s.node[host].frozen);
}

static void deliver(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < s.n_mail; i++) {
		struct msg m = s.mail[i];

		/* What waits for a crnode that has gone is lost; for one that stands still, not. */
		if ((m.to < NODES_MAX && !s.node[m.to].up) || s.now - m.at > 8000 * MS)
			s.mail[i].kind = DONE;
		if (s.mail[i].kind == DONE || m.at > s.now || s.cut[m.from][m.to] || asleep(m.to))
			continue;
		s.mail[i].kind = DONE;
		if (m.to == COORDINATOR)
			coordinator_hears(&m);
		else
			node_hears(m.to, &m);
	}
	for (size_t i = 0; i < s.n_mail; i++)
		if (s.mail[i].kind != DONE)
			s.mail[kept++] = s.mail[i];
	s.n_mail = kept;
}

static void step(void)
{
	s.now += STEP;
	deliver();
	for (unsigned int i = 0; i < s.n; i++) {
		if (s.now >= s.node[i].frozen)
			look(&s.node[i], i);
		if (!asleep(i))
			node_beats(i);
	}
	if (s.c.up)
		coordinator_works();
	check_copies();
}

static void run(int64_t ms)
{
	for (int64_t end = s.now + ms * MS; s.now < end;)
		step();
}

static void begin(unsigned int n, uint64_t seed, bool exact)
{
	cr_auto_free struct msg *mail = s.mail;

	for (unsigned int i = 0; i < NODES_MAX; i++)
		cr_voucher_free(&s.node[i].voucher);
	cr_fence_free(&s.c.fence);
	memset(&s, 0, sizeof(s));
	s.n = n;
	s.random = seed * 2654435761u + 1;
	rnd(1);
	s.delay = 20 * MS;
	for (unsigned int h = 0; h < HOSTS; h++) {
		/* Rates of 0.9 to 1.1, any beginning. */
		s.rate[h] = exact ? 1.0 : 0.9 + rnd(201) / 1000.0;
		s.offset[h] = rnd(1000000) * MS;
	}
	for (unsigned int j = 0; j < JOBS; j++)
		s.c.jobs[j].node = NODES_MAX;
	for (unsigned int i = 0; i < n; i++)
		node_begins(i, true);
	coordinator_begins();
	run(3000);
}

static void isolate(unsigned int host, bool cut)
{
	for (unsigned int h = 0; h < HOSTS; h++)
		if (h != host)
			s.cut[h][host] = s.cut[host][h] = cut;
}

static void stop_host(unsigned int i)
{
	s.node[i].up = false;
	s.node[i].until = INT64_MIN;
	memset(s.node[i].runs, 0, sizeof(s.node[i].runs));
}

static unsigned int living(void)
{
	unsigned int count = 0;

	for (unsigned int j = 0; j < JOBS; j++)
		for (unsigned int i = 0; i < s.n; i++)
			count += lives(i, j);
	return count;
}

static void fault(void)
{
	unsigned int a = rnd(s.n + 1), b = rnd(s.n + 1), i = rnd(s.n);

	a = a == s.n ? COORDINATOR : a;
	b = b == s.n ? COORDINATOR : b;
	switch (rnd(12)) {
	case 0:
		s.cut[a][b] = true;
		break;
	case 1:
		s.cut[a][b] = s.cut[b][a] = true;
		break;
	case 2:
		isolate(a, true);
		break;
	case 3:
	case 4:
		memset(s.cut, 0, sizeof(s.cut));
		break;
	case 5:
		s.c.up = false;
		break;
	case 6:
	case 7:
		if (!s.c.up)
			coordinator_begins();
		break;
	case 8:
		if (s.node[i].up)
			stop_host(i);
		else
			node_begins(i, true);
		break;
	case 9:
		node_begins(i, false); /* crnode anew, members live on */
		break;
	case 10:
		s.node[i].frozen = s.now + rnd(5000) * MS;
		break;
	case 11:
		s.delay = (rnd(4) ? 20 : 900) * MS;
		break;
	}
}

static void heal(void)
{
	memset(s.cut, 0, sizeof(s.cut));
	s.delay = 20 * MS;
	for (unsigned int i = 0; i < s.n; i++)
		if (!s.node[i].up)
			node_begins(i, true);
	if (!s.c.up)
		coordinator_begins();
}

START_TEST(test_random)
{
	unsigned int moved = 0, taken = 0;

	for (uint64_t seed = 1; seed <= 40; seed++) {
		begin(1 + (seed + _i) % NODES_MAX, seed + 1000 * _i, false);
		for (unsigned int k = 0; k < 40; k++) {
			fault();
			run(100 + rnd(2500));
		}
		heal();
		run(20000);
		ck_assert_msg(living() == JOBS, "seed %u: %u jobs of %u live at the end",
			      (unsigned int)seed + 1000 * _i, living(), JOBS);
		moved += s.moved;
		taken += s.taken;
	}
	/* Otherwise nothing was tried. */
	ck_assert_uint_gt(taken, 50);
	ck_assert_uint_gt(moved, 200);
}
END_TEST

/* A dead node's jobs go on elsewhere after silence of the lease and its margin, not much later. */
START_TEST(test_node_dies)
{
	for (unsigned int n = 2; n <= NODES_MAX; n++) {
		begin(n, n, true);
		run(5000);
		ck_assert_uint_eq(living(), JOBS);
		stop_host(0);
		run(3000);
		ck_assert_uint_eq(living(), JOBS);
	}
}
END_TEST

/* The coordinator killed, its host there: nobody notices, however long. */
START_TEST(test_coordinator_killed)
{
	for (unsigned int n = 1; n <= NODES_MAX; n++) {
		begin(n, n, false);
		run(5000);
		s.moved = 0;
		s.c.up = false;
		run(20000);
		ck_assert_uint_eq(living(), JOBS);
		coordinator_begins();
		run(20000);
		ck_assert_uint_eq(living(), JOBS);
		ck_assert_uint_eq(s.moved, 0);
	}
}
END_TEST

/* The coordinator's host silent: two nodes or more let each other go on; one alone may not. */
START_TEST(test_coordinator_silent)
{
	for (unsigned int n = 1; n <= NODES_MAX; n++) {
		begin(n, n, false);
		run(5000);
		s.moved = 0;
		isolate(COORDINATOR, true);
		run(20000);
		ck_assert_uint_eq(living(), n == 1 ? 0 : JOBS);
		isolate(COORDINATOR, false);
		run(20000);
		ck_assert_uint_eq(living(), JOBS);
		ck_assert_uint_eq(s.moved, n == 1 ? JOBS : 0);
	}
}
END_TEST

/* The coordinator on the side of the few starts nothing there that may live on the other. */
START_TEST(test_minority)
{
	begin(4, 4, true);
	run(5000);
	for (unsigned int i = 1; i < 4; i++)
		s.cut[i][0] = s.cut[0][i] = s.cut[i][COORDINATOR] = s.cut[COORDINATOR][i] = true;
	s.moved = 0;
	run(20000);
	ck_assert_uint_eq(s.moved, 0);
	ck_assert_uint_eq(living(), JOBS);
}
END_TEST

/* Both nodes die, one comes back: it promises, and gets all. */
START_TEST(test_two_die)
{
	begin(2, 2, true);
	run(5000);
	stop_host(0);
	stop_host(1);
	run(1000);
	node_begins(1, true);
	run(8000);
	ck_assert_uint_eq(living(), JOBS);
}
END_TEST

START_TEST(test_quorum)
{
	static const unsigned int quorums[] = { 1, 2, 2, 3, 3 };
	const char *names[] = { "a", "b", "c", "d" };
	struct cr_quorum w;

	for (unsigned int n = 0; n <= 4; n++)
		ck_assert_uint_eq(cr_quorum_needed(n), quorums[n]);
	cr_quorum_set(&w, 1, names, 4);
	ck_assert_int_eq(cr_quorum_vouched(&w, "a", 30), INT64_MIN);
	ck_assert_int_eq(cr_quorum_vouched(&w, "b", 10), INT64_MIN);
	ck_assert_int_eq(cr_quorum_vouched(&w, "nobody", 50), INT64_MIN);
	ck_assert_int_eq(cr_quorum_vouched(&w, "c", 20), 10);
	ck_assert_int_eq(cr_quorum_vouched(&w, "b", 40), 20);
	ck_assert_int_eq(cr_quorum_vouched(&w, "d", 35), 30);
}
END_TEST

START_TEST(test_voucher)
{
	struct cr_voucher v;

	cr_voucher_init(&v, 100 * MS);
	ck_assert(!cr_voucher_ask(&v, "a", LEASE, 100 * MS));
	/* What an earlier life of it said it does not know. */
	ck_assert_int_eq(cr_voucher_bar(&v, "b\0", 2, LEASE, 200 * MS), 2400 * MS);
	ck_assert(cr_voucher_ask(&v, "a", LEASE, 10000 * MS));
	ck_assert(!cr_voucher_ask(&v, "b", LEASE, 10000 * MS));
	ck_assert(!cr_voucher_ask(&v, "", LEASE, 10000 * MS));
	ck_assert_int_eq(cr_voucher_bar(&v, "b\0", 2, LEASE, 10000 * MS), 0);
	ck_assert_int_eq(cr_voucher_bar(&v, "b\0a", 4, LEASE, 11000 * MS), 1500 * MS);
	ck_assert_int_eq(cr_voucher_bar(&v, "b", 1, LEASE, 11000 * MS), -1);
	ck_assert(!cr_voucher_ask(&v, "a", LEASE, 11000 * MS));
	ck_assert_int_eq(cr_voucher_bar(&v, NULL, 0, LEASE, 11000 * MS), 0);
	ck_assert(cr_voucher_ask(&v, "a", LEASE, 20000 * MS));
	ck_assert_uint_eq(v.n, 1);
	cr_voucher_free(&v);
}
END_TEST

/* The operator's word goes for the lease of that node and for what it has vouched. */
START_TEST(test_dead)
{
	struct cr_fence f;
	unsigned int both[] = { 0, 1 };

	cr_fence_init(&f, LEASE, 0);
	ck_assert(cr_fence_generation(&f, both, 2));
	cr_fence_bar(&f, 0);
	cr_fence_bar(&f, 1);
	ck_assert(!cr_fence_take(&f, 0, 100 * LEASE));
	cr_fence_dead(&f, 1, 100 * LEASE);
	ck_assert(cr_fence_take(&f, 1, 100 * LEASE));
	ck_assert(!cr_fence_take(&f, 0, 101 * LEASE));
	ck_assert(cr_fence_take(&f, 0, 102 * LEASE));
	ck_assert(!cr_fence_ack(&f, 0, LEASE, 103 * LEASE));
	cr_fence_welcome(&f, 0, 103 * LEASE);
	ck_assert(cr_fence_ack(&f, 0, LEASE, 103 * LEASE));
	cr_fence_free(&f);
}
END_TEST

TCase *unit_lease(void)
{
	TCase *t = tcase_create("lease");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, test_quorum);
	tcase_add_test(t, test_voucher);
	tcase_add_test(t, test_dead);
	tcase_add_test(t, test_node_dies);
	tcase_add_test(t, test_coordinator_killed);
	tcase_add_test(t, test_coordinator_silent);
	tcase_add_test(t, test_minority);
	tcase_add_test(t, test_two_die);
	tcase_add_loop_test(t, test_random, 0, 5);
	return t;
}
