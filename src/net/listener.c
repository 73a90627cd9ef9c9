// SPDX-License-Identifier: Apache-2.0
//
// Listeners. Anybody can connect, so what those who have not proved themselves may use is bounded:
// so many at once, so long each. When there is no room the oldest goes, if it has had a moment to
// speak; until then the others wait in the kernel. So neither silence nor a storm of connections
// keeps a real part of the cluster out for long, and the links that are up do not notice. What is
// refused is told on stderr, at most a line in ten seconds.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"
#include "net/address.h"
#include "net/link.h"
#include "net/link_state.h"
#include "net/listener.h"
#include "net/users.h"

/* One that came this long ago has had its moment, when there is no room for others. */
#define MOMENT_NS 250000000ll
/* Accepted before other events have their turn. */
#define ACCEPT_AT_ONCE 16
/* Without descriptors or memory: until the next try. */
#define PAUSE_MS 100
#define BACKLOG 4096
#define TELL_NS 10000000000ll

struct cr_listener {
	struct event_base *base;
	struct event *event, *timer;
	const struct cr_trust *trust;
	struct cr_users *users; /* NULL: whoever comes */
	void (*accepted)(struct cr_link *l, void *arg);
	void *arg;
	TAILQ_HEAD(, cr_link) unproved; /* the oldest first */
	unsigned int count, most;
	unsigned long untold; /* refused since the last line */
	int64_t told;
	int fd;
};

static void listener_tell(struct cr_listener *listener, const char *what)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);

	if (listener->told && now - listener->told < TELL_NS) {
		listener->untold++;
		return;
	}
	if (listener->untold)
		cr_say("refused: %s; and %lu more before", what, listener->untold);
	else
		cr_say("refused: %s", what);
	listener->untold = 0;
	listener->told = now;
}

static void listener_forget(struct cr_listener *listener, struct cr_link *l)
{
	TAILQ_REMOVE(&listener->unproved, l, unproved);
	listener->count--;
	l->listener = NULL;
	event_add(listener->event, NULL);
}

void cr_listener_up(struct cr_listener *listener, struct cr_link *l)
{
	listener_forget(listener, l);
	listener->accepted(l, listener->arg);
	if (!l->h)
		cr_link_close(l);
}

void cr_listener_failed(struct cr_listener *listener, struct cr_link *l, const struct cr_err *why)
{
	listener_forget(listener, l);
	listener_tell(listener, why->text);
}

/* False: those that are here must have their moment first. */
static bool listener_make_room(struct cr_listener *listener)
{
	struct cr_link *oldest = TAILQ_FIRST(&listener->unproved);
	char text[CR_ADDRESS_TEXT + 64];

	if (!oldest || cr_now_ns(CLOCK_MONOTONIC) - oldest->since < MOMENT_NS)
		return false;
	snprintf(text, sizeof(text), "%s, which was silent while others waited", oldest->text);
	listener_tell(listener, text);
	listener_forget(listener, oldest);
	cr_link_drop(oldest);
	return true;
}

static void pause_listener(struct cr_listener *listener)
{
	struct timeval tv = { .tv_usec = PAUSE_MS * 1000 };

	event_del(listener->event);
	evtimer_add(listener->timer, &tv);
}

/* The kernel vouches for who is there. */
static void take_local(struct cr_listener *listener, int fd)
{
	struct cr_user *user = NULL;
	struct cr_err why = { 0 };
	struct cr_link *l = NULL;
	struct ucred who;
	socklen_t len = sizeof(who);

	if (listener->users && !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len)) {
		user = cr_user_enter(listener->users, who.uid, &why);
		if (!user) {
			listener_tell(listener, why.text);
			cr_refuse_client(fd, &why);
		}
	}
	if (!why.status)
		l = cr_link_adopt(listener->base, fd, NULL, NULL);
	if (!l) {
		if (user)
			cr_user_leave(user);
		close(fd);
		return;
	}
	l->user = user;
	l->starting = false;
	listener->accepted(l, listener->arg);
	if (!l->h)
		cr_link_close(l);
}

static void listener_take(struct cr_listener *listener, int fd, const struct sockaddr *from,
			  socklen_t len)
{
	struct cr_link *l;

	if (listener->trust) {
		l = cr_link_accept(listener->base, fd, from, len, listener->trust, listener);
		if (l) {
			TAILQ_INSERT_TAIL(&listener->unproved, l, unproved);
			listener->count++;
		}
		return;
	}
	take_local(listener, fd);
}

static void listener_on_ready(evutil_socket_t listening, short what, void *arg)
{
	struct cr_listener *listener = arg;
	struct sockaddr_storage from;
	int i;

	for (i = 0; i < ACCEPT_AT_ONCE; i++) {
		socklen_t len = sizeof(from);
		int fd;

		if (listener->count >= listener->most && !listener_make_room(listener)) {
			pause_listener(listener);
			return;
		}
		memset(&from, 0, sizeof(from));
		fd = accept4(listening, (struct sockaddr *)&from, &len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			listener_take(listener, fd, (struct sockaddr *)&from, len);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			listener_tell(listener, strerror(errno));
			if (!listener_make_room(listener)) {
				pause_listener(listener);
				return;
			}
		}
		/* Else it was of this one connection, which is gone. */
	}
}

static void listener_on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct cr_listener *listener = arg;

	event_add(listener->event, NULL);
}

/* A socket file that nobody listens behind is of a daemon that was killed. */
static bool remove_stale(const struct sockaddr *at, socklen_t len)
{
	const struct sockaddr_un *un = (const void *)at;
	cr_auto_fd fd = -1;
	struct stat st;

	if (at->sa_family != AF_UNIX || stat(un->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd >= 0 && connect(fd, at, len) && errno == ECONNREFUSED && !unlink(un->sun_path);
}

static int open_socket(const struct sockaddr *at, socklen_t len, struct cr_err *err)
{
	cr_auto_fd fd = socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char text[CR_ADDRESS_TEXT];
	int one = 1, zero = 0, ret;

	if (fd >= 0 && at->sa_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd >= 0 && at->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (fd < 0 ||
	    (bind(fd, at, len) &&
	     (errno != EADDRINUSE || !remove_stale(at, len) || bind(fd, at, len))) ||
	    listen(fd, BACKLOG)) {
		ret = errno;
		return cr_fail(err, ret == EADDRINUSE ? CR_EXIT_EXISTS : CR_EXIT_CLUSTER, ret,
			       "cannot listen at %s", cr_address_text(at, text));
	}
	ret = fd;
	fd = -1;
	return ret;
}

struct cr_listener *cr_link_listen(struct event_base *base, const struct sockaddr *at,
				   socklen_t len, const struct cr_trust *trust,
				   void (*accepted)(struct cr_link *l, void *arg), void *arg,
				   struct cr_err *err)
{
	struct cr_listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "listener");
		return NULL;
	}
	listener->most = cr_unproved_most(CR_UNPROVED_MAX);
	listener->base = base;
	listener->trust = trust;
	listener->accepted = accepted;
	listener->arg = arg;
	TAILQ_INIT(&listener->unproved);
	listener->fd = -1;
	if (!trust && at->sa_family != AF_UNIX) {
		cr_fail(err, CR_EXIT_TRUST, 0,
			"no key and no certificate: only a unix socket can do "
			"without");
		cr_listener_free(listener);
		return NULL;
	}
	listener->fd = open_socket(at, len, err);
	if (listener->fd >= 0) {
		listener->event = event_new(base, listener->fd, EV_READ | EV_PERSIST,
					    listener_on_ready, listener);
		listener->timer = evtimer_new(base, listener_on_pause_over, listener);
	}
	if (!listener->event || !listener->timer || event_add(listener->event, NULL)) {
		cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "listener");
		cr_listener_free(listener);
		return NULL;
	}
	return listener;
}

void cr_listener_users(struct cr_listener *l, struct cr_users *users)
{
	l->users = users;
}

unsigned int cr_listener_port(const struct cr_listener *l)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof(at);

	getsockname(l->fd, (struct sockaddr *)&at, &len);
	if (at.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&at)->sin_port);
	if (at.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
	return 0;
}

void cr_listener_free(struct cr_listener *l)
{
	struct cr_link *link;

	if (!l)
		return;
	while ((link = TAILQ_FIRST(&l->unproved))) {
		listener_forget(l, link);
		cr_link_drop(link);
	}
	if (l->event)
		event_free(l->event);
	if (l->timer)
		event_free(l->timer);
	cr_close_fd(&l->fd);
	free(l);
}
