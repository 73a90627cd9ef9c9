// SPDX-License-Identifier: Apache-2.0
//
// crcoordinator's loop: who connects, and which function a message is for. A link that breaks ends
// its session and nothing else: the node's lease decides what becomes of its members.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/ready.h"
#include "common/xalloc.h"
#include "coordinator/beats.h"
#include "coordinator/operations.h"
#include "coordinator/database.h"
#include "coordinator/drills.h"
#include "coordinator/fence.h"
#include "coordinator/http.h"
#include "coordinator/images.h"
#include "coordinator/load.h"
#include "coordinator/members.h"
#include "coordinator/nodes.h"
#include "coordinator/outlook.h"
#include "coordinator/prevention.h"
#include "coordinator/protection.h"
#include "coordinator/reconcile.h"
#include "coordinator/replies.h"
#include "coordinator/requests.h"
#include "coordinator/server.h"
#include "coordinator/session.h"
#include "coordinator/quorum.h"
#include "coordinator/telemetry.h"
#include "net/link.h"
#include "net/link_state.h"
#include "net/listener.h"
#include "net/users.h"

/* What may wait on control.sock for one user to read it. */
#define LOCAL_BYTES (64 << 20)

static void on_gone(struct co_session *s)
{
	co_beats_end(s);
	co_asker_gone(s->c, s->id, NULL);
}

static void server_on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct co_session *s = arg;

	if (s->node && s->node->session == s)
		cr_say("node %s: link lost: %s", s->node->hello.name, why->text);
	co_session_forget(s);
}

/* ---- messages ---- */

static void on_beat(struct co_session *s, const cairn_ClusterMsg *m, const void *data, size_t len)
{
	co_node_beat(s->node, &m->body.heartbeat);
}

static void server_on_drill(struct co_session *s, const cairn_ClusterMsg *m, const void *payload,
			    size_t len)
{
	co_drill_told(s->node, &m->body.drill);
}

static void on_leaving(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
		       size_t len)
{
	co_node_leaving(s->node, &m->body.leaving);
}

static void server_on_event(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
			    size_t len)
{
	const cairn_MemberEvent *e = &m->body.event;
	struct co_member *member;

	if (e->state != cairn_MemberState_MEMBER_WRITTEN) {
		co_member_event(s->node, e);
		return;
	}
	member = co_member_there(s->node, &e->id);
	if (member)
		co_operation_written(member, e);
}

static void server_on_here(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
			   size_t len)
{
	co_member_there(s->node, &m->body.here.id);
}

static void server_on_arrive(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
			     size_t len)
{
	struct co_member *member = co_member_there(s->node, &m->body.arrive.id);

	if (member)
		co_operation_arrive(member, &m->body.arrive, data, len);
}

static void server_on_abort(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
			    size_t len)
{
	const cairn_Abort *a = &m->body.abort;
	struct co_member *member = co_member_there(s->node, &a->id);
	char text[sizeof(a->error) + 96];

	if (!member || !member->job->operation.active || member->job->operation.id != a->operation)
		return;
	snprintf(text, sizeof(text), "member %u on %s: %s", member->number, s->node->hello.name,
		 a->error);
	if (member->job->operation.intent == cairn_Intent_INTENT_RESTART)
		co_member_refused(member, a->status);
	co_operation_fail(member->job, a->status, text);
}

static void server_on_finding(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
			      size_t len)
{
	struct co_member *member = co_member_there(s->node, &m->body.finding.id);

	if (member)
		co_operation_finding(member, &m->body.finding);
}

static void server_on_holding(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
			      size_t len)
{
	co_image_holding(s->node, &m->body.holding);
	if (m->body.holding.end)
		co_node_told(s->node);
}

static void on_promise(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
		       size_t len)
{
	co_quorum_promised(s->node, &m->body.promise);
}

static void server_on_request(struct co_session *s, const cairn_ClusterMsg *m, const void *data,
			      size_t len)
{
	cairn_Request q = m->body.request;

	if (s->local) {
		q.uid = s->uid;
		q.gid = s->gid;
	}
	co_request(s, &q, data, len);
}

static const struct {
	pb_size_t which;
	void (*on)(struct co_session *s, const cairn_ClusterMsg *m, const void *data, size_t len);
} messages[] = {
	{ cairn_ClusterMsg_heartbeat_tag, on_beat },
	{ cairn_ClusterMsg_leaving_tag, on_leaving },
	{ cairn_ClusterMsg_event_tag, server_on_event },
	{ cairn_ClusterMsg_here_tag, server_on_here },
	{ cairn_ClusterMsg_arrive_tag, server_on_arrive },
	{ cairn_ClusterMsg_abort_tag, server_on_abort },
	{ cairn_ClusterMsg_finding_tag, server_on_finding },
	{ cairn_ClusterMsg_holding_tag, server_on_holding },
	{ cairn_ClusterMsg_promise_tag, on_promise },
	{ cairn_ClusterMsg_request_tag, server_on_request },
	{ cairn_ClusterMsg_drill_tag, server_on_drill },
};

static void server_handle(struct co_session *s, const cairn_ClusterMsg *m, const void *payload,
			  size_t len)
{
	size_t i;

	if (s->local && m->which_body != cairn_ClusterMsg_request_tag)
		return;
	if (m->which_body == cairn_ClusterMsg_hello_tag && !s->node) {
		co_node_hello(s, &m->body.hello);
		return;
	}
	if (m->which_body == cairn_ClusterMsg_beats_tag && !s->node && !s->local) {
		/* Not in here, where the link is at work. */
		s->beats_of = m->body.beats.session;
		s->c->beats_waiting = true;
		cr_link_pause(s->link, true);
		return;
	}
	/* Of a session that has been taken over, or that has not said who it is. */
	if (!s->local && (!s->node || s->node->session != s))
		return;
	for (i = 0; i < CR_ARRAY_SIZE(messages); i++)
		if (messages[i].which == m->which_body) {
			messages[i].on(s, m, payload, len);
			return;
		}
}

static void server_on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
			      void *arg)
{
	struct co_session *s = arg;
	struct co *c = s->c;

	server_handle(s, msg, payload, len);
	/* The next message finds decided what follows from this one. The session may be gone. */
	co_work(c);
}

static const struct cr_link_handler handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.message = server_on_message,
	.down = server_on_down,
};

struct co_session *co_adopt(struct co *c, struct cr_link *l, bool local, uid_t uid, gid_t gid)
{
	struct co_session *s = cr_xcalloc(1, sizeof(*s));

	*s = (struct co_session){ .c = c, .link = l, .local = local, .uid = uid, .gid = gid };
	s->id = ++c->next_session;
	s->next = c->sessions;
	c->sessions = s;
	cr_link_handle(l, &handler, s);
	return s;
}

static void on_accepted(struct cr_link *l, void *arg)
{
	co_adopt(arg, l, false, 0, 0);
}

static void on_local(struct cr_link *l, void *arg)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	if (getsockopt(cr_link_fd(l), SOL_SOCKET, SO_PEERCRED, &peer, &len))
		cr_link_close(l);
	else
		co_adopt(arg, l, true, peer.uid, peer.gid);
}

/* ---- the loop ---- */

void co_tick(struct co *c)
{
	int64_t now = co_now();

	co_beats_tick(c);
	co_nodes_tick(c);
	co_prevention_tick(c);
	co_wake(c, now);
	co_work(c);
	co_protection_tick(c);
	co_db_commit(c->db);
}

static void server_on_tick(int fd, short what, void *arg)
{
	co_tick(arg);
}

static void server_on_work(int fd, short what, void *arg)
{
	co_work(arg);
}

static void server_on_signal(int sig, short what, void *arg)
{
	struct co *c = arg;

	if (sig == SIGCHLD) {
		co_fence_done(c);
		return;
	}
	cr_say("%s: ending; jobs go on", strsignal(sig));
	event_base_loopbreak(c->base);
}

static int take_state(struct co *c, const char *dir, struct cr_err *err)
{
	char path[CR_PATH_MAX];
	int ret = cr_mkdir_p(dir, 0700);

	if (ret || chmod(dir, 0700))
		return cr_fail(err, CR_EXIT_IO, ret ? -ret : errno, "%s", dir);
	snprintf(path, sizeof(path), "%s/lock", dir);
	c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (c->lock < 0)
		return cr_fail(err, CR_EXIT_IO, errno, "%s", path);
	if (flock(c->lock, LOCK_EX | LOCK_NB))
		return cr_fail(err, CR_EXIT_EXISTS, 0, "another crcoordinator uses %s", dir);
	snprintf(path, sizeof(path), "%s/cluster.db", dir);
	return co_db_open(path, &c->db, err);
}

int co_init(struct co *c, struct cr_err *err)
{
	struct rlimit files;
	int ret;

	c->lock = -1;
	c->gone = on_gone;
	c->lease_ms = c->options.lease * 1000;
	c->heartbeat_ms = c->options.heartbeat * 1000;
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	c->base = event_base_new();
	if (!c->base)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "event loop");
	c->work = event_new(c->base, -1, 0, server_on_work, c);
	ret = take_state(c, c->options.state, err);
	if (!ret)
		ret = co_load(c, err);
	if (!ret)
		ret = co_outlook_init(c, err);
	if (!ret)
		co_prevention_init(c);
	return ret;
}

int co_listen(struct co *c, struct cr_err *err)
{
	const struct cr_users_limits limits = { c->options.user_connections, LOCAL_BYTES,
						"crcoordinator" };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_storage at;
	socklen_t len;
	int ret;

	ret = cr_trust_load(&c->options.trust, &c->trust, err);
	if (!ret)
		ret = cr_address_parse(c->options.listen, &at, &len, err);
	if (ret)
		return ret;
	if (snprintf(local.sun_path, sizeof(local.sun_path), "%s/control.sock", c->options.state) >=
	    (int)sizeof(local.sun_path))
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s: too long for a socket's path",
			       c->options.state);
	unlink(local.sun_path);
	c->local = cr_link_listen(c->base, (struct sockaddr *)&local, sizeof(local), NULL, on_local,
				  c, err);
	if (!c->local)
		return -EIO;
	c->users = cr_users_new(&limits);
	if (!c->users)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "connections");
	cr_listener_users(c->local, c->users);
	c->listener =
		cr_link_listen(c->base, (struct sockaddr *)&at, len, c->trust, on_accepted, c, err);
	if (!c->listener)
		return -EIO;
	ret = co_http_listen(c, err);
	if (ret)
		return ret;
	co_fence_begin(c);
	cr_say("cluster %s: listening on %s, port %u", c->options.name, c->options.listen,
	       cr_listener_port(c->listener));
	return 0;
}

int co_run(struct co *c)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGCHLD };
	const struct timeval tick = { 0, CO_TICK_MS * 1000 };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(signals); i++) {
		c->signals[i] = evsignal_new(c->base, signals[i], server_on_signal, c);
		event_add(c->signals[i], NULL);
	}
	c->tick = event_new(c->base, -1, EV_PERSIST, server_on_tick, c);
	event_add(c->tick, &tick);
	cr_ready(c->options.ready_fd);
	event_base_dispatch(c->base);
	co_db_commit(c->db);
	return 0;
}

void co_free(struct co *c)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(c->signals); i++)
		if (c->signals[i])
			event_free(c->signals[i]);
	if (c->tick)
		event_free(c->tick);
	if (c->work)
		event_free(c->work);
	co_http_free(c);
	while (c->sessions)
		co_session_close(c->sessions);
	co_beats_free(c);
	co_prevention_free(c);
	co_outlook_free(c);
	if (c->listener)
		cr_listener_free(c->listener);
	if (c->local)
		cr_listener_free(c->local);
	for (i = 0; i < c->jobs.n; i++)
		co_job_free(c->jobs.v[i]);
	for (i = 0; i < c->nodes.n; i++) {
		co_telemetry_free(c->nodes.v[i]);
		free(c->nodes.v[i]);
	}
	for (i = 0; i < c->stores.n; i++)
		free(c->stores.v[i]);
	free(c->jobs.v);
	free(c->nodes.v);
	free(c->stores.v);
	free(c->followers.v);
	free(c->starters.v);
	free(c->generations);
	cr_fence_free(&c->fence);
	co_db_close(c->db);
	cr_trust_free(c->trust);
	cr_close_fd(&c->lock);
	if (c->base)
		event_base_free(c->base);
}
