// SPDX-License-Identifier: Apache-2.0
//
// Taking an address again of which the killed job's connections still hold on, in TIME-WAIT, for a
// minute. Whoever has the other end's address can end that: it sends a SYN, is answered with an ACK
// of a connection that it knows nothing of, and by TCP's rules answers with a reset. Other ends
// inside the job are ours to take. Whatever else is in the way is named.
// Runs in the shepherd of a restart.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "objects/inet.h"

/* As long as Linux keeps a connection in TIME-WAIT, and a little more. */
#define PATIENCE_NS 65000000000ll
#define SHORT_NS 300000000ll

struct holders {
	const union cr_inet_name *name;
	bool lingering; /* connections that nobody has any more */
	bool taken; /* sockets of somebody */
};

/* In TIME-WAIT, or closed and not yet acknowledged. */
static bool is_lingering(const struct cr_tcp_seen *seen)
{
	return !seen->inode && seen->state != CR_TCP_LISTEN && seen->state != CR_TCP_SYN_RECV &&
	       seen->state != CR_TCP_ESTABLISHED && seen->state != CR_TCP_CLOSE_WAIT;
}

static bool in_the_way(const union cr_inet_name *name, const struct cr_tcp_seen *seen)
{
	struct cr_inet_key a = cr_inet_key(name), b = cr_inet_key(&seen->local);

	return cr_inet_is_any(name) || cr_inet_is_any(&seen->local) ||
	       !memcmp(a.address, b.address, sizeof(a.address));
}

static void end_one(const struct cr_tcp_seen *seen)
{
	cr_auto_fd fd = socket(seen->local.any.sa_family,
			       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	cr_inet_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, &seen->remote.any, cr_inet_len(&seen->remote)) ||
	    !connect(fd, &seen->local.any, cr_inet_len(&seen->local)))
		return;
	/* All of it happens while the SYN is sent; on a host that is not this one it would not. */
	poll(&p, 1, 0);
}

static bool look_and_end(const struct cr_tcp_seen *seen, void *arg)
{
	struct holders *h = arg;

	if (!in_the_way(h->name, seen))
		return true;
	if (is_lingering(seen)) {
		h->lingering = true;
		end_one(seen);
	} else if (seen->state != CR_TCP_TIME_WAIT) {
		h->taken = true;
	}
	return true;
}

/* Who holds the port; also of the other family, as one socket may serve both. */
static struct holders free_port(const union cr_inet_name *name)
{
	struct holders h = { .name = name };

	cr_tcp_each(AF_INET, ~(1u << CR_TCP_LISTEN), cr_inet_port(name), look_and_end, &h);
	cr_tcp_each(AF_INET6, ~(1u << CR_TCP_LISTEN), cr_inet_port(name), look_and_end, &h);
	return h;
}

static int failed(const union cr_inet_name *name, int error, struct cr_err *err)
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
	struct holders h = free_port(name);

	if ((!h.lingering && nap->tv_nsec > 100000000) ||
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

int cr_tcp_share_port(int fd, const union cr_inet_name *name)
{
	union cr_inet_name any = *name;
	int port = cr_inet_port(name);

	cr_inet_set_port(&any, 0);
	if (cr_inet_set(fd, IPPROTO_IP, CR_IP_PORT_RANGE, port | port << 16) ||
	    cr_inet_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1))
		return -EADDRINUSE;
	return bind(fd, &any.any, cr_inet_len(&any)) ? -errno : 0;
}

void cr_tcp_shared_port(int fd, const cairn_InetSocket *m)
{
	static const int options[] = { CR_IP_PORT_RANGE, IP_BIND_ADDRESS_NO_PORT };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(options); i++)
		cr_inet_set(fd, IPPROTO_IP, options[i],
			    cr_inet_option(m, IPPROTO_IP, options[i], 0));
}

int cr_tcp_bind(int fd, const union cr_inet_name *name, struct cr_err *err)
{
	int64_t began = cr_now_ns(CLOCK_MONOTONIC);
	struct timespec nap = { 0, 1000000 };
	char text[CR_INET_TEXT];
	bool said = false;

	while (bind(fd, &name->any, cr_inet_len(name))) {
		int error = errno;

		/* Not an address of this node now: it may become one. */
		if (error == EADDRNOTAVAIL && !cr_inet_get(fd, IPPROTO_IP, IP_FREEBIND) &&
		    !cr_inet_set(fd, IPPROTO_IP, IP_FREEBIND, 1))
			continue;
		if (error != EADDRINUSE || !cr_inet_port(name) ||
		    !try_again(name, began, PATIENCE_NS, &nap))
			return failed(name, error, err);
		if (!said && nap.tv_nsec > 300000000)
			cr_say("waiting for TCP address %s, which an ended connection holds for "
			       "up to a minute",
			       cr_inet_text(name, text));
		said = said || nap.tv_nsec > 300000000;
	}
	return 0;
}
