// SPDX-License-Identifier: Apache-2.0
//
// Taking an address again of which the killed job's connections still hold on, in TIME-WAIT, for a
// minute. Whoever has the other end's address can end that: it sends a SYN, is answered with an ACK
// of a connection that it knows nothing of, and by TCP's rules answers with a reset. Other ends
// inside the job are ours to take, when what lingers there has been ended in the same way. Whatever
// else is in the way is named.
// Runs in the shepherd of a restart.
#include "objects/inet/tcp_time_wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/tcp_diag.h"

/* As long as Linux keeps a connection in TIME-WAIT, and a little more. */
#define PATIENCE_NS 65000000000ll
#define SHORT_NS 300000000ll
#define CONNECT_NS 10000000000ll

/* What a connection may be in that nobody has any more: closed, but not yet forgotten. */
#define LINGERING \
	(1u << CR_TCP_FIN_WAIT1 | 1u << CR_TCP_FIN_WAIT2 | 1u << CR_TCP_CLOSING | \
	 1u << CR_TCP_TIME_WAIT | 1u << CR_TCP_LAST_ACK)

struct holder {
	const union cr_inet_name *name;
	bool lingers;
};

/* A connection that nobody has any more, on this host. */
struct lingering {
	struct cr_tcp_seen seen;
	bool wanted; /* to be ended, as it or what it keeps us from ending is in the way */
	bool done;
};

struct all_lingering {
	CR_LIST(struct lingering) list;
};

static bool is_lingering(const struct cr_tcp_seen *seen)
{
	return !seen->inode && LINGERING & 1u << seen->state;
}

static bool in_the_way(const union cr_inet_name *name, const struct cr_tcp_seen *seen)
{
	return cr_inet_overlap(name, &seen->local);
}

/* Asked for any other one, it takes no notice and chooses again. */
static bool kernel_chooses(int port)
{
	cr_auto_free char *text = NULL;
	int low = 0, high = 0;

	return cr_slurp(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", &text) > 0 &&
	       sscanf(text, "%d %d", &low, &high) == 2 && low <= port && port <= high;
}

/* A port that others have as well whose port the kernel chose, for a connection of its own. */
static int share_port(int fd, const union cr_inet_name *name)
{
	union cr_inet_name any = *name;
	int port = cr_inet_port(name);

	cr_inet_set_port(&any, 0);
	if (!kernel_chooses(port) ||
	    cr_socket_set(fd, IPPROTO_IP, CR_IP_PORT_RANGE, port | port << 16) ||
	    cr_socket_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)) {
		errno = EADDRINUSE;
		return -EADDRINUSE;
	}
	return bind(fd, &any.any, cr_inet_len(&any)) ? -errno : 0;
}

/*
 * Where both ends linger, neither's address can be bound. But a port that the kernel had chosen it
 * also chooses again, after a second on a loopback address.
 */
static int end_one(const struct cr_tcp_seen *seen)
{
	cr_auto_fd fd = socket(seen->local.any.sa_family,
			       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	cr_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, &seen->remote.any, cr_inet_len(&seen->remote)) &&
	    (errno != EADDRINUSE || share_port(fd, &seen->remote)))
		return -errno;
	/* All of it happens while the SYN is sent; on a host that is not this one it would not. */
	if (!connect(fd, &seen->local.any, cr_inet_len(&seen->local)))
		return 0;
	if (errno == EADDRNOTAVAIL)
		return -EADDRINUSE;
	if (errno == EINPROGRESS)
		poll(&p, 1, 0);
	return 0;
}

static bool note_lingering(const struct cr_tcp_seen *seen, void *arg)
{
	struct all_lingering *l = arg;
	struct lingering *x = is_lingering(seen) ? cr_list_add(&l->list) : NULL;

	if (x)
		x->seen = *seen;
	return true;
}

bool cr_tcp_wants_name(const struct cr_inet_new *k)
{
	return k->m->remote.size && (k->kind == cairn_InetPeer_INET_PEER_CLOSED ||
				     (k->m->state == CR_TCP_CLOSE && !k->peer));
}

static bool tcp_time_wait_want(struct all_lingering *l, const union cr_inet_name *name)
{
	bool more = false;
	size_t i;

	for (i = 0; i < l->list.n; i++) {
		struct lingering *x = &l->list.v[i];

		if (x->wanted || !in_the_way(name, &x->seen))
			continue;
		x->wanted = more = true;
	}
	return more;
}

/*
 * The address of the other end may be taken as well, by another connection that lingers: then that
 * one has to be ended first, and so on.
 */
static void end_wanted(struct all_lingering *l)
{
	bool more = true;
	size_t i;

	while (more) {
		more = false;
		for (i = 0; i < l->list.n; i++) {
			struct lingering *x = &l->list.v[i];
			int ret;

			if (!x->wanted || x->done)
				continue;
			ret = end_one(&x->seen);
			x->done = ret != -EADDRINUSE;
			more = more || x->done || tcp_time_wait_want(l, &x->seen.remote);
		}
	}
}

static void find_lingering(struct all_lingering *l)
{
	cr_tcp_each(AF_INET, LINGERING, 0, note_lingering, l);
	cr_tcp_each(AF_INET6, LINGERING, 0, note_lingering, l);
}

void cr_tcp_end_lingering(const struct cr_inet_new *all, size_t n)
{
	struct all_lingering l = { 0 };
	size_t i;

	find_lingering(&l);
	for (i = 0; i < n && l.list.n; i++) {
		if (all[i].m->protocol != IPPROTO_TCP)
			continue;
		if (cr_inet_port(&all[i].local))
			tcp_time_wait_want(&l, &all[i].local);
		/* Where a helper of ours will be. */
		if (cr_tcp_wants_name(&all[i]))
			tcp_time_wait_want(&l, &all[i].remote);
	}
	end_wanted(&l);
	free(l.list.v);
}

static bool tcp_time_wait_look(const struct cr_tcp_seen *seen, void *arg)
{
	struct holder *h = arg;

	h->lingers = is_lingering(seen) && in_the_way(h->name, seen);
	return !h->lingers;
}

/* Also of the other family, as one socket may serve both. */
bool cr_tcp_lingers(const union cr_inet_name *name)
{
	struct holder h = { .name = name };

	cr_tcp_each(AF_INET, LINGERING, cr_inet_port(name), tcp_time_wait_look, &h);
	if (!h.lingers)
		cr_tcp_each(AF_INET6, LINGERING, cr_inet_port(name), tcp_time_wait_look, &h);
	return h.lingers;
}

/* Whether it was held so. */
static bool free_port(const union cr_inet_name *name)
{
	struct all_lingering l = { 0 };

	if (!cr_tcp_lingers(name))
		return false;
	find_lingering(&l);
	tcp_time_wait_want(&l, name);
	end_wanted(&l);
	free(l.list.v);
	return true;
}

static int tcp_time_wait_failed(const union cr_inet_name *name, int error, struct cr_err *err)
{
	char text[CR_INET_TEXT];

	cr_inet_text(name, text);
	if (error == EACCES)
		return cr_fail(
			err, CR_EXIT_PERMISSION, error,
			"cannot use TCP address %s again: restart with CAP_NET_BIND_SERVICE, "
			"or lower net.ipv4.ip_unprivileged_port_start",
			text);
	return cr_fail(err, CR_EXIT_CHANGED, error,
		       "cannot use TCP address %s again (ss -tanp shows who has it): end that "
		       "program first",
		       text);
}

/* Whether it is worth another try. */
static bool try_again(const union cr_inet_name *name, int64_t began, int64_t patience,
		      struct timespec *nap)
{
	bool lingered = free_port(name);

	if ((!lingered && nap->tv_nsec > 100000000) ||
	    cr_now_ns(CLOCK_MONOTONIC) - began > patience)
		return false;
	nanosleep(nap, NULL);
	if (nap->tv_nsec < 400000000)
		nap->tv_nsec *= 2;
	return true;
}

int cr_tcp_try_bind(int fd, const union cr_inet_name *name)
{
	int64_t began = cr_now_ns(CLOCK_MONOTONIC);
	struct timespec nap = { 0, 1000000 };

	while (bind(fd, &name->any, cr_inet_len(name))) {
		int error = errno;

		if (error != EADDRINUSE || !cr_inet_port(name) ||
		    !try_again(name, began, SHORT_NS, &nap))
			return -error;
	}
	return 0;
}

void cr_tcp_shared_port(int fd, const cairn_InetSocket *m)
{
	static const int options[] = { CR_IP_PORT_RANGE, IP_BIND_ADDRESS_NO_PORT };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(options); i++)
		cr_socket_set(fd, IPPROTO_IP, options[i],
			      cr_inet_option(m, IPPROTO_IP, options[i], 0));
}

/*
 * shares: set where the port is had as one of many; NULL: it is wanted alone. Of the very same
 * connection there is but one, so that this has to be over first.
 */
static int tcp_time_wait_take(int fd, const union cr_inet_name *name,
			      const union cr_inet_name *remote, bool *shares, struct cr_err *err)
{
	int64_t began = cr_now_ns(CLOCK_MONOTONIC);
	struct timespec nap = { 0, 1000000 };
	char text[CR_INET_TEXT];
	struct cr_tcp_seen seen;
	bool said = false;

	while (bind(fd, &name->any, cr_inet_len(name))) {
		int error = errno;

		/* Not an address of this node now: it may become one. */
		if (error == EADDRNOTAVAIL && !cr_socket_get(fd, IPPROTO_IP, IP_FREEBIND) &&
		    !cr_socket_set(fd, IPPROTO_IP, IP_FREEBIND, 1))
			continue;
		if (error == EADDRINUSE && shares && nap.tv_nsec > 1000000 &&
		    !cr_tcp_look(name, remote, &seen) && !share_port(fd, name)) {
			*shares = true;
			return 0;
		}
		if (error != EADDRINUSE || !cr_inet_port(name) ||
		    !try_again(name, began, PATIENCE_NS, &nap))
			return tcp_time_wait_failed(name, error, err);
		if (!said && nap.tv_nsec > 300000000)
			cr_say("waiting for TCP address %s, which an ended connection holds for "
			       "up to a minute",
			       cr_inet_text(name, text));
		said = said || nap.tv_nsec > 300000000;
	}
	return 0;
}

int cr_tcp_bind(int fd, const union cr_inet_name *name, struct cr_err *err)
{
	return tcp_time_wait_take(fd, name, NULL, NULL, err);
}

int cr_tcp_bind_connecting(int fd, const union cr_inet_name *local,
			   const union cr_inet_name *remote, bool *shares, struct cr_err *err)
{
	if (*shares && !share_port(fd, local))
		return 0;
	*shares = false;
	return tcp_time_wait_take(fd, local, remote, shares, err);
}

/*
 * What has just been killed may hold on to the same two addresses for a moment, and what had been
 * bound to a shared port keeps others from it until it is forgotten.
 */
int cr_tcp_connect(int fd, const union cr_inet_name *local, const union cr_inet_name *remote,
		   bool *shares)
{
	int64_t began = cr_now_ns(CLOCK_MONOTONIC);
	struct timespec nap = { 0, 1000000 };

	while (connect(fd, &remote->any, cr_inet_len(remote)) && errno != EINPROGRESS) {
		bool lingered;

		if (errno != EADDRNOTAVAIL)
			return -errno;
		lingered = free_port(local);
		if (cr_now_ns(CLOCK_MONOTONIC) - began > (lingered ? PATIENCE_NS : CONNECT_NS))
			return -EADDRNOTAVAIL;
		if (*shares && !bind(fd, &local->any, cr_inet_len(local)))
			*shares = false;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < 100000000)
			nap.tv_nsec *= 2;
	}
	return 0;
}
