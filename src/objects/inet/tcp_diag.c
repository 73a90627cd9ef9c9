// SPDX-License-Identifier: Apache-2.0
//
// What sock_diag tells of TCP connections that no descriptor shows: those that nobody has accepted,
// orphans, TIME-WAIT, and where a connection in the making goes to; and which direction of a UDP
// socket was shut. Any user may ask.
// Runs in the shepherd. Where sock_diag is missing there seems to be none of them.
#include "objects/inet/tcp_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "objects/inet/inet.h"

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

static int tcp_diag_ask(struct request *q, int flags)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct timeval patience = { 2, 0 };

	q->header.nlmsg_len = sizeof(*q);
	q->header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	q->header.nlmsg_flags = NLM_F_REQUEST | flags;
	if (!q->body.sdiag_protocol)
		q->body.sdiag_protocol = IPPROTO_TCP;
	q->body.id.idiag_cookie[0] = q->body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, q, sizeof(*q), 0) != sizeof(*q)) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static void tcp_diag_name_of(union cr_inet_name *to, int family, const uint32_t *address,
			     uint16_t port)
{
	memset(to, 0, sizeof(*to));
	to->any.sa_family = family;
	if (family == AF_INET6) {
		memcpy(&to->v6.sin6_addr, address, 16);
		to->v6.sin6_port = port;
	} else {
		to->v4.sin_addr.s_addr = address[0];
		to->v4.sin_port = port;
	}
}

static void tcp_diag_show(const struct inet_diag_msg *m, struct cr_tcp_seen *seen)
{
	seen->state = m->idiag_state;
	seen->inode = m->idiag_inode;
	seen->uid = m->idiag_uid;
	seen->unread = m->idiag_rqueue;
	tcp_diag_name_of(&seen->local, m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
	tcp_diag_name_of(&seen->remote, m->idiag_family, m->id.idiag_dst, m->id.idiag_dport);
}

void cr_tcp_each(int family, unsigned int states, uint16_t port,
		 bool (*fn)(const struct cr_tcp_seen *seen, void *arg), void *arg)
{
	struct request q = { .body = { .sdiag_family = family, .idiag_states = states } };
	char buf[16384] __attribute__((aligned(8)));
	cr_auto_fd fd = -1;
	bool go = true;
	ssize_t n;

	q.body.id.idiag_sport = htons(port);
	fd = tcp_diag_ask(&q, NLM_F_DUMP);
	while (fd >= 0 && go && (n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		struct nlmsghdr *h = (void *)buf;

		for (; go && NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			struct cr_tcp_seen seen;

			if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
				return;
			tcp_diag_show(NLMSG_DATA(h), &seen);
			go = fn(&seen, arg);
		}
	}
}

/* What shutdown() has been called for. */
static unsigned int shutdown_of(const struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	const struct rtattr *a = (const void *)(m + 1);
	unsigned int left = h->nlmsg_len - NLMSG_LENGTH(sizeof(*m));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == INET_DIAG_SHUTDOWN)
			return *(const unsigned char *)RTA_DATA(a);
	return 0;
}

void cr_udp_each_shutdown(int family, int protocol,
			  void (*fn)(uint32_t inode, unsigned int how, void *arg), void *arg)
{
	struct request q = { .body = { .sdiag_family = family,
				       .sdiag_protocol = protocol,
				       .idiag_states = -1 } };
	char buf[16384] __attribute__((aligned(8)));
	cr_auto_fd fd = tcp_diag_ask(&q, NLM_F_DUMP);
	ssize_t n;

	while (fd >= 0 && (n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		struct nlmsghdr *h = (void *)buf;

		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			const struct inet_diag_msg *m = NLMSG_DATA(h);

			if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
				return;
			if (shutdown_of(h))
				fn(m->idiag_inode, shutdown_of(h), arg);
		}
	}
}

static void put_address(uint32_t *to, const union cr_inet_name *name, int family)
{
	struct cr_inet_key k = cr_inet_key(name);

	memcpy(to, family == AF_INET ? k.address + 12 : k.address, family == AF_INET ? 4 : 16);
}

bool cr_tcp_look(const union cr_inet_name *local, const union cr_inet_name *remote,
		 struct cr_tcp_seen *seen)
{
	int family =
		local->any.sa_family == AF_INET6 && !cr_inet_is_mapped(local) ? AF_INET6 : AF_INET;
	struct request q = { .body = { .sdiag_family = family, .idiag_states = -1 } };
	char buf[4096] __attribute__((aligned(8)));
	struct nlmsghdr *h = (void *)buf;
	cr_auto_fd fd = -1;
	ssize_t n;

	memset(seen, 0, sizeof(*seen));
	put_address(q.body.id.idiag_src, local, family);
	put_address(q.body.id.idiag_dst, remote, family);
	q.body.id.idiag_sport = htons(cr_inet_port(local));
	q.body.id.idiag_dport = htons(cr_inet_port(remote));
	fd = tcp_diag_ask(&q, 0);
	n = fd < 0 ? -1 : recv(fd, buf, sizeof(buf), 0);
	if (n < 0 || !NLMSG_OK(h, n) || h->nlmsg_type == NLMSG_ERROR)
		return false;
	tcp_diag_show(NLMSG_DATA(h), seen);
	/* Where there is no such connection it answers with the listener. */
	return seen->state != CR_TCP_LISTEN;
}
