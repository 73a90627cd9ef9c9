// SPDX-License-Identifier: Apache-2.0
//
// What crnode decides about a member, in this process: in each state that a member can be in, it is
// seen that deciding again does nothing. The member's processes are children of ours.
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cairn/exit_codes.h"
#include "node/message.h"
#include "node/node_members.h"
#include "node/node_run.h"
#include "node/reconcile_member.h"
#include "reconcile.h"

static struct cr_node *n;
static struct cr_node_member *m;

static void on_work(int fd, short what, void *arg)
{
}

static void begin(void)
{
	/* Nobody else's on this host. */
	const cairn_MemberId id = { ~0ull - getpid(), 0, 1 };

	n = calloc(1, sizeof(*n));
	n->base = event_base_new();
	n->work = event_new(n->base, -1, 0, on_work, n);
	n->lock = -1;
	/* So that nothing of a lease is asked for. */
	n->lease.over = true;
	n->lease.ms = 1000;
	n->up.acked_ns = cr_node_now();
	m = cr_node_member(n, &id);
	m->uid = geteuid();
	m->state = cairn_MemberState_MEMBER_RUNNING;
}

static void end(void)
{
	while (n->members)
		cr_node_member_free(n->members);
	event_free(n->work);
	event_base_free(n->base);
	free(n->outbox.v);
	free(n);
}

static pid_t child(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* A shepherd that we have started. */
static pid_t start(void)
{
	pid_t pid = child();

	ck_assert(cr_member_watch(m, &m->launcher, pid, 0));
	ck_assert(cr_member_watch(m, &m->shepherd, pid, 0));
	return pid;
}

static void decide(void)
{
	n->dirty = true;
	cr_node_turn(n);
}

static bool lives(const struct cr_node_pid *p)
{
	struct pollfd poll_fd = { p->fd, POLLIN, 0 };

	return p->fd >= 0 && !poll(&poll_fd, 1, 0);
}

/* Twice is as once: nothing is told, and the time of its end is the same. */
static void nothing_more(void)
{
	size_t told = n->outbox.n;
	struct cr_node_member *first = n->members;
	int64_t at = first ? first->kill_ns : 0;
	unsigned int which = first ? first->arrive.msg.which_body : 0;

	decide();
	decide();
	ck_assert_uint_eq(n->outbox.n, told);
	ck_assert_ptr_eq(n->members, first);
	ck_assert(!first || first->kill_ns == at);
	ck_assert(!first || first->arrive.msg.which_body == which);
}

/* Until it is over: its processes are killed, and end in their time. */
static void until_over(void)
{
	int tries;

	for (tries = 0; n->members && tries < 500; tries++) {
		decide();
		usleep(10000);
	}
	ck_assert_ptr_null(n->members);
	nothing_more();
}

START_TEST(runs)
{
	start();
	decide();
	nothing_more();
	ck_assert(lives(&m->launcher) && !m->ended);
	ck_assert_uint_eq(n->outbox.n, 0);
}
END_TEST

START_TEST(lease_over)
{
	start();
	/* As cr_lease_look() does; nothing is done before the turn. */
	m->fenced = true;
	ck_assert(!m->ended);
	decide();
	ck_assert(m->ended && lives(&m->launcher));
	nothing_more();
	ck_assert(lives(&m->launcher));
	until_over();
	ck_assert_uint_eq(n->outbox.n, 1);
	ck_assert_int_eq(n->outbox.v[0].event.state, cairn_MemberState_MEMBER_FENCED);
}
END_TEST

START_TEST(lease_long_over)
{
	start();
	m->fenced = m->late = true;
	decide();
	/* In the same turn. */
	ck_assert_int_ge(m->left, 1);
	until_over();
	ck_assert_int_eq(n->outbox.v[0].event.state, cairn_MemberState_MEMBER_FENCED);
}
END_TEST

START_TEST(deserted)
{
	kill(start(), SIGKILL);
	until_over();
	ck_assert_uint_eq(n->outbox.n, 1);
	ck_assert_int_eq(n->outbox.v[0].event.state, cairn_MemberState_MEMBER_EXITED);
	ck_assert_int_eq(n->outbox.v[0].event.status, 128 + SIGKILL);
}
END_TEST

/* The order for its next life waits until this one is over, and is carried out once. */
START_TEST(succeeded)
{
	cairn_ClusterMsg next = { .which_body = cairn_ClusterMsg_start_tag };

	start();
	next.body.start.has_id = true;
	next.body.start.id = m->id;
	next.body.start.id.epoch = 2;
	cr_parcel_fill(&m->successor, &next, NULL, 0);
	m->told = true;
	m->last.state = cairn_MemberState_MEMBER_EXITED;
	cr_member_end(m, 0);
	ck_assert(lives(&m->launcher));
	until_over();
	/* It cannot be started: there is no lease. */
	ck_assert_uint_eq(n->outbox.n, 1);
	ck_assert_int_eq(n->outbox.v[0].event.state, cairn_MemberState_MEMBER_FAILED);
	ck_assert_uint_eq(n->outbox.v[0].event.id.epoch, 2);
	ck_assert_uint_eq(n->outbox.v[0].event.exit, CR_EXIT_CLUSTER);
}
END_TEST

START_TEST(waits_in_vain)
{
	cairn_ClusterMsg arrive = { .which_body = cairn_ClusterMsg_arrive_tag };

	start();
	arrive.body.arrive.operation = 7;
	cr_parcel_fill(&m->arrive, &arrive, NULL, 0);
	decide();
	nothing_more();
	ck_assert_uint_eq(m->arrive.msg.which_body, cairn_ClusterMsg_arrive_tag);
	/* The coordinator has not been heard for two leases. */
	n->up.acked_ns -= 3000000000ll;
	decide();
	ck_assert_uint_eq(m->arrive.msg.which_body, cairn_ClusterMsg_abort_tag);
	ck_assert_uint_eq(m->arrive.msg.body.abort.operation, 7);
	nothing_more();
	ck_assert(!m->ended);
}
END_TEST

TCase *node_members_tests(void)
{
	TCase *t = tcase_create("node");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, runs);
	tcase_add_test(t, lease_over);
	tcase_add_test(t, lease_long_over);
	tcase_add_test(t, deserted);
	tcase_add_test(t, succeeded);
	tcase_add_test(t, waits_in_vain);
	return t;
}
