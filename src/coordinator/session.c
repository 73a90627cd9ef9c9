// SPDX-License-Identifier: Apache-2.0
//
// Who is connected, and what is sent to them. A link that breaks ends its session and nothing
// else; what depends on the session is told by co.gone, which the top sets.
#include <stdlib.h>
#include <string.h>

#include "coordinator/coordinator.h"
#include "common/xalloc.h"
#include "coordinator/database.h"
#include "coordinator/session.h"
#include "net/link.h"
#include "net/link_state.h"

cairn_ClusterMsg *co_message(struct co *c, pb_size_t which)
{
	memset(&c->out, 0, sizeof(c->out));
	c->out.which_body = which;
	return &c->out;
}

bool co_send(struct co_session *s, cairn_ClusterMsg *m, const void *payload, size_t len)
{
	if (!s)
		return false;
	co_db_commit(s->c->db);
	m->session = s->id;
	if (!s->told)
		return cr_link_send(s->link, m, payload, len);
	if (m->which_body == cairn_ClusterMsg_reply_tag)
		s->told(s, &m->body.reply);
	return true;
}

bool co_send_node(struct co_node *n, cairn_ClusterMsg *m, const void *payload, size_t len)
{
	return n && co_send(n->session, m, payload, len);
}

bool co_send_shared(struct co_node *n, cairn_ClusterMsg *m, struct cr_shared *payload)
{
	if (!n || !n->session)
		return false;
	co_db_commit(n->c->db);
	m->session = n->session->id;
	return cr_link_send_shared(n->session->link, m, payload);
}

struct co_session *co_session_by_id(struct co *c, uint64_t id)
{
	struct co_session *s = c->sessions;

	while (s && s->id != id)
		s = s->next;
	return s;
}

struct co_session *
co_session_own(struct co *c, void (*told)(struct co_session *s, const cairn_Reply *r), void *arg)
{
	struct co_session *s = cr_xcalloc(1, sizeof(*s));

	*s = (struct co_session){ .c = c, .local = true, .told = told, .told_arg = arg };
	s->id = ++c->next_session;
	s->next = c->sessions;
	c->sessions = s;
	return s;
}

void co_session_forget(struct co_session *s)
{
	struct co *c = s->c;
	struct co_session **p = &c->sessions;

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	if (s->node && s->node->session == s) {
		s->node->session = NULL;
		s->node->told = false;
	}
	c->gone(s);
	free(s);
}

struct cr_link *co_session_leave(struct co_session *s)
{
	struct cr_link *l = s->link;

	cr_link_detach(l);
	co_session_forget(s);
	return l;
}

void co_session_close(struct co_session *s)
{
	if (s->link)
		cr_link_close(s->link);
	co_session_forget(s);
}
