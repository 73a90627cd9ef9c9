// SPDX-License-Identifier: Apache-2.0
//
// What can be done over HTTP: the same requests as crctl's, by a session of the coordinator with
// itself, in root's name. Whoever asked is answered when it is done; if that takes long, that it is
// under way. It goes on when he has gone.
#include "coordinator/http_actions.h"
#include "coordinator/drills.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/rows_json.h"
#include "common/xalloc.h"
#include "coordinator/coordinator.h"
#include "coordinator/door.h"
#include "coordinator/http_call.h"
#include "coordinator/reconcile.h"
#include "coordinator/replies.h"
#include "coordinator/requests.h"
#include "coordinator/session.h"
#include "coordinator/sign_in.h"

#define ACTIONS_MAX 256
#define WAIT_S 20
#define WAIT_MOST_S 50

struct action {
	TAILQ_ENTRY(action) next;
	struct co_actions *of;
	uint64_t id;
	struct co_answer *now; /* while it is asked: it may be done at once */
	struct co_visitor *visitor; /* who waits; NULL: nobody any more */
	struct event *timer;
	bool over;
	cairn_Reply reply; /* the newest with a row */
};

struct co_actions {
	struct co *c;
	struct co_session *session;
	TAILQ_HEAD(, action) all; /* the oldest first */
	unsigned int n;
	uint64_t next_id;
};

static void action_free(struct action *a)
{
	TAILQ_REMOVE(&a->of->all, a, next);
	a->of->n--;
	if (a->timer)
		event_free(a->timer);
	free(a);
}

static void action_tell(struct action *a, struct co_answer *to)
{
	struct co_text out = { .json = { .tight = true } };
	const cairn_Reply *r = &a->reply;

	if (a->over && r->status) {
		co_answer_error(to, co_http_status(r->status), r->status, "%s", r->error);
		return;
	}
	to->status = a->over ? 200 : 202;
	if (!co_text_begin(&out))
		return;
	cr_json_object(&out.json, NULL);
	cr_json_bool(&out.json, "done", a->over);
	if (r->which_row == cairn_Reply_job_tag)
		cr_json_message(&out.json, "job", &cr_json_job, &r->row.job, &cr_json_http);
	if (r->which_row == cairn_Reply_node_tag)
		cr_json_message(&out.json, "node", &cr_json_node, &r->row.node, &cr_json_http);
	if (r->which_row == cairn_Reply_move_tag)
		cr_json_message(&out.json, "move", &cr_json_move, &r->row.move, &cr_json_http);
	cr_json_end(&out.json);
	co_text_end(&out, to->body);
}

/* Who waits is answered, with what is known. */
static void action_answer(struct action *a)
{
	struct co_visitor *v = a->visitor;
	struct co_answer answer;

	a->visitor = NULL;
	if (!v)
		return;
	co_door_begin(v, &answer);
	if (answer.body)
		action_tell(a, &answer);
	co_door_answer(v, &answer);
}

static void action_on_time(evutil_socket_t fd, short what, void *arg)
{
	action_answer(arg);
}

static void action_left(void *arg)
{
	((struct action *)arg)->visitor = NULL;
}

static void actions_told(struct co_session *s, const cairn_Reply *r)
{
	struct co_actions *all = s->told_arg;
	struct action *a;

	TAILQ_FOREACH(a, &all->all, next)
	if (a->id == r->id)
		break;
	if (!a)
		return;
	if (r->which_row || r->status)
		a->reply = *r;
	a->over = r->last;
	if (!a->over || a->now)
		return;
	action_answer(a);
	action_free(a);
}

static struct action *action_begin(struct co_call *k, uint64_t wait_s)
{
	const struct timeval t = { wait_s, 1000 };
	struct co_actions *all = k->h->actions;
	struct action *a = cr_xcalloc(1, sizeof(*a)), *old = TAILQ_FIRST(&all->all);

	/* One that nobody waits for, and that may never end. */
	if (all->n >= ACTIONS_MAX && !old->visitor) {
		co_asker_gone(all->c, all->session->id, &old->id);
		action_free(old);
	}
	a->of = all;
	a->id = ++all->next_id;
	a->now = k->a;
	TAILQ_INSERT_TAIL(&all->all, a, next);
	all->n++;
	a->timer = evtimer_new(all->c->base, action_on_time, a);
	if (a->timer && all->n <= ACTIONS_MAX && !evtimer_add(a->timer, &t))
		return a;
	action_free(a);
	return NULL;
}

static void act(struct co_call *k, cairn_Request *q)
{
	struct co_actions *all = k->h->actions;
	struct action *a;
	uint64_t wait_s;

	if (!co_call_number(k, "wait", 0, WAIT_MOST_S, WAIT_S, &wait_s))
		return;
	if (!co_sign_may_act(k->h->sign) || !(a = action_begin(k, wait_s))) {
		strcpy(k->a->headers, "Retry-After: 1\r\n");
		co_answer_error(k->a, 429, CR_EXIT_CLUSTER,
				"too much has been asked for of late (try again in a second)");
		return;
	}
	q->id = a->id;
	co_request(all->session, q, NULL, 0);
	co_work(all->c);
	a->now = NULL;
	if (a->over || !wait_s) {
		action_tell(a, k->a);
	} else {
		a->visitor = k->q->visitor;
		k->a->later = true;
		k->a->gone = action_left;
		k->a->arg = a;
	}
	if (a->over)
		action_free(a);
}

static bool name(struct co_call *k, char *to, size_t room)
{
	if (*k->of && strlen(k->of) < room) {
		strcpy(to, k->of);
		return true;
	}
	co_answer_error(k->a, 404, CR_EXIT_NOT_FOUND, "a name has 1 to %zu bytes", room - 1);
	return false;
}

static void of_job(struct co_call *k, cairn_Ask ask, bool stop)
{
	cairn_Request q = { .ask = ask, .stop = stop };

	if (name(k, q.job, sizeof(q.job)))
		act(k, &q);
}

static void of_node(struct co_call *k, cairn_Ask ask)
{
	cairn_Request q = { .ask = ask };

	if (name(k, q.node, sizeof(q.node)))
		act(k, &q);
}

void co_http_act_checkpoint(struct co_call *k)
{
	of_job(k, cairn_Ask_ASK_CHECKPOINT, co_call_flag(k, "stop"));
}

void co_http_act_kill(struct co_call *k)
{
	of_job(k, cairn_Ask_ASK_KILL, false);
}

void co_http_act_restart(struct co_call *k)
{
	of_job(k, cairn_Ask_ASK_RESTART, false);
}

void co_http_act_drain(struct co_call *k)
{
	of_node(k, cairn_Ask_ASK_DRAIN);
}

void co_http_act_undrain(struct co_call *k)
{
	of_node(k, cairn_Ask_ASK_UNDRAIN);
}

void co_http_act_migrate(struct co_call *k)
{
	cairn_Request q = { .ask = cairn_Ask_ASK_MIGRATE };

	if (name(k, q.job, sizeof(q.job)) && co_call_text(k, "node", q.node, sizeof(q.node)))
		act(k, &q);
}

void co_http_act_drill(struct co_call *k)
{
	cairn_Request q = { .ask = cairn_Ask_ASK_DRILL };
	char word[16];
	double s = 0;

	if (!name(k, q.node, sizeof(q.node)) || !co_call_text(k, "kind", word, sizeof(word)))
		return;
	q.drill = co_drill_kind(word);
	if (!q.drill || !co_call_real(k, "seconds", &s) || !(s >= 1 && s <= CO_DRILL_S_MOST)) {
		co_answer_error(k->a, 400, CR_EXIT_USAGE,
				"\"kind\" is one of cpu, mem, disk, kill, net, hang, migrate, "
				"\"seconds\" a number from 1 to %d",
				CO_DRILL_S_MOST);
		return;
	}
	q.drill_ms = s * 1000;
	act(k, &q);
}

/* ---- the beginning and the end ---- */

struct co_actions *co_actions_new(struct co *c)
{
	struct co_actions *a = cr_xcalloc(1, sizeof(*a));

	a->c = c;
	TAILQ_INIT(&a->all);
	a->session = co_session_own(c, actions_told, a);
	return a;
}

void co_actions_free(struct co_actions *a)
{
	if (!a)
		return;
	while (!TAILQ_EMPTY(&a->all))
		action_free(TAILQ_FIRST(&a->all));
	co_session_close(a->session);
	free(a);
}
