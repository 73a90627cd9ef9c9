// SPDX-License-Identifier: Apache-2.0
//
// The options of internet sockets: read one by one, kept where they differ from a new socket's, set
// again. Runs in the shepherd. An option that the kernel does not know is one that nobody has set;
// one that may not be set again is said.
#include "objects/inet/inet_options.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"

/* Not in every libc's headers. */
enum {
	BUF_LOCK = 72, /* SO_BUF_LOCK */
	TXREHASH = 74,
	MULTICAST_ALL6 = 29,
};

enum {
	T = 1, /* of TCP sockets */
	D = 2, /* of all others: datagrams, raw ones */
	V4 = 4, /* where IPv4 goes through the socket */
	V6 = 8,
	IDLE = 16, /* of a connected TCP socket it would tell something else */
	EARLY = 32, /* has to be set before it is bound, or before datagrams come in */
	LAST = 64, /* set by who restores, at the right moment */
	P = 128, /* of packet sockets alone */
	N = 256, /* of netlink sockets */
	S = T | D,
};

static const struct cr_option table[] = {
	{ SOL_SOCKET, SO_BINDTODEVICE, 16, S | EARLY },
	{ SOL_SOCKET, SO_REUSEADDR, 4, S | LAST },
	{ SOL_SOCKET, SO_REUSEPORT, 4, S | EARLY },
	{ SOL_SOCKET, SO_MARK, 4, S | EARLY },
	{ SOL_SOCKET, SO_OOBINLINE, 4, T | EARLY },
	{ SOL_SOCKET, SO_SNDBUF, 4, S | LAST },
	{ SOL_SOCKET, SO_RCVBUF, 4, S | LAST },
	{ SOL_SOCKET, BUF_LOCK, 4, S | LAST },
	{ SOL_SOCKET, SO_KEEPALIVE, 4, S },
	{ SOL_SOCKET, SO_BROADCAST, 4, S },
	{ SOL_SOCKET, SO_DONTROUTE, 4, S },
	{ SOL_SOCKET, SO_LINGER, 8, S },
	{ SOL_SOCKET, SO_RCVLOWAT, 4, S },
	{ SOL_SOCKET, SO_RCVTIMEO, 16, S },
	{ SOL_SOCKET, SO_SNDTIMEO, 16, S },
	{ SOL_SOCKET, SO_TIMESTAMP, 4, S | EARLY },
	{ SOL_SOCKET, SO_TIMESTAMPNS, 4, S | EARLY },
	{ SOL_SOCKET, SO_TIMESTAMPING, 8, S | EARLY },
	{ SOL_SOCKET, 63 /* SO_TIMESTAMP_NEW */, 4, D | EARLY },
	{ SOL_SOCKET, 64 /* SO_TIMESTAMPNS_NEW */, 4, D | EARLY },
	{ SOL_SOCKET, SO_PEEK_OFF, 4, S },
	{ SOL_SOCKET, SO_NO_CHECK, 4, D },
	{ SOL_SOCKET, SO_RXQ_OVFL, 4, D | EARLY },
	{ SOL_SOCKET, SO_SELECT_ERR_QUEUE, 4, D },
	{ SOL_SOCKET, SO_BUSY_POLL, 4, S },
	{ SOL_SOCKET, SO_MAX_PACING_RATE, 8, S },
	{ SOL_SOCKET, SO_ZEROCOPY, 4, S },
	{ SOL_SOCKET, SO_TXTIME, 8, D },
	{ SOL_SOCKET, SO_INCOMING_CPU, 4, S | IDLE },
	{ SOL_SOCKET, TXREHASH, 4, T | IDLE },
	{ SOL_SOCKET, SO_LOCK_FILTER, 4, S | LAST },
	{ IPPROTO_TCP, TCP_NODELAY, 4, T },
	{ IPPROTO_TCP, TCP_MAXSEG, 4, T | IDLE },
	{ IPPROTO_TCP, TCP_CORK, 4, T },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 4, T },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 4, T },
	{ IPPROTO_TCP, TCP_KEEPCNT, 4, T },
	{ IPPROTO_TCP, TCP_SYNCNT, 4, T },
	{ IPPROTO_TCP, TCP_LINGER2, 4, T },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, 4, T | IDLE },
	{ IPPROTO_TCP, TCP_WINDOW_CLAMP, 4, T | IDLE },
	{ IPPROTO_TCP, TCP_CONGESTION, 16, T },
	{ IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 4, T },
	{ IPPROTO_TCP, TCP_THIN_DUPACK, 4, T | IDLE },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 4, T },
	{ IPPROTO_TCP, TCP_FASTOPEN, 4, T | IDLE },
	{ IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 4, T | IDLE },
	{ IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 4, T | IDLE },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4, T },
	{ IPPROTO_TCP, TCP_SAVE_SYN, 4, T | IDLE },
	{ IPPROTO_TCP, TCP_INQ, 4, T },
	{ IPPROTO_TCP, TCP_TX_DELAY, 4, T },
	{ IPPROTO_UDP, 1 /* UDP_CORK */, 4, D | LAST },
	{ IPPROTO_UDP, 101 /* UDP_NO_CHECK6_TX */, 4, D | V6 },
	{ IPPROTO_UDP, 102 /* UDP_NO_CHECK6_RX */, 4, D | V6 },
	{ IPPROTO_UDP, 103 /* UDP_SEGMENT */, 4, D | LAST },
	{ IPPROTO_UDP, 104 /* UDP_GRO */, 4, D | LAST },
	{ IPPROTO_IP, IP_TOS, 4, S | V4 },
	{ IPPROTO_IP, IP_TTL, 4, S | V4 },
	{ IPPROTO_IP, IP_OPTIONS, 40, S | V4 },
	{ IPPROTO_IP, IP_MTU_DISCOVER, 4, S | V4 },
	{ IPPROTO_IP, IP_RECVERR, 4, S | V4 | EARLY },
	{ IPPROTO_IP, IP_FREEBIND, 4, S | V4 | EARLY },
	{ IPPROTO_IP, IP_TRANSPARENT, 4, S | V4 | EARLY },
	{ IPPROTO_IP, IP_MINTTL, 4, S | V4 },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 4, S | V4 | EARLY },
	{ IPPROTO_IP, CR_IP_PORT_RANGE, 4, S | V4 | EARLY },
	{ IPPROTO_IP, IP_RECVOPTS, 4, D | V4 | EARLY },
	{ IPPROTO_IP, IP_RETOPTS, 4, D | V4 | EARLY },
	{ IPPROTO_IP, IP_PKTINFO, 4, S | V4 | EARLY },
	{ IPPROTO_IP, IP_RECVTTL, 4, D | V4 | EARLY },
	{ IPPROTO_IP, IP_RECVTOS, 4, S | V4 | EARLY },
	{ IPPROTO_IP, IP_RECVORIGDSTADDR, 4, D | V4 | EARLY },
	{ IPPROTO_IP, IP_RECVFRAGSIZE, 4, D | V4 | EARLY },
	{ IPPROTO_IP, IP_RECVERR_RFC4884, 4, D | V4 | EARLY },
	{ IPPROTO_IP, IP_HDRINCL, 4, D | V4 | EARLY },
	{ IPPROTO_IP, IP_NODEFRAG, 4, D | V4 },
	{ IPPROTO_IP, IP_CHECKSUM, 4, D | V4 | EARLY },
	{ IPPROTO_IP, IP_MULTICAST_IF, 4, D | V4 },
	{ IPPROTO_IP, IP_MULTICAST_TTL, 4, D | V4 },
	{ IPPROTO_IP, IP_MULTICAST_LOOP, 4, D | V4 },
	{ IPPROTO_IP, IP_MULTICAST_ALL, 4, D | V4 },
	{ IPPROTO_IP, IP_UNICAST_IF, 4, D | V4 },
	{ IPPROTO_IPV6, IPV6_V6ONLY, 4, S | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, 4, S | V6 },
	{ IPPROTO_IPV6, IPV6_TCLASS, 4, S | V6 },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, 4, S | V6 },
	{ IPPROTO_IPV6, IPV6_RECVERR, 4, S | V6 | EARLY },
	{ IPPROTO_IPV6, 78 /* IPV6_FREEBIND */, 4, S | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_TRANSPARENT, 4, S | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_MINHOPCOUNT, 4, S | V6 },
	{ IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 4, S | V6 },
	{ IPPROTO_IPV6, 33 /* IPV6_FLOWINFO_SEND */, 4, S | V6 },
	{ IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, 4, S | V6 },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 4, S | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_RECVHOPOPTS, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_RECVRTHDR, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_RECVDSTOPTS, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_RECVPATHMTU, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, 11 /* IPV6_FLOWINFO */, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, 74 /* IPV6_RECVORIGDSTADDR */, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, 77 /* IPV6_RECVFRAGSIZE */, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, 31 /* IPV6_RECVERR_RFC4884 */, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_DONTFRAG, 4, D | V6 },
	{ IPPROTO_IPV6, IPV6_CHECKSUM, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_HDRINCL, 4, D | V6 | EARLY },
	{ IPPROTO_IPV6, IPV6_MULTICAST_IF, 4, D | V6 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 4, D | V6 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 4, D | V6 },
	{ IPPROTO_IPV6, MULTICAST_ALL6, 4, D | V6 },
	{ IPPROTO_IPV6, 76 /* IPV6_UNICAST_IF */, 4, D | V6 },
	{ 255 /* SOL_RAW */, 1 /* ICMP_FILTER */, 4, D | V4 | EARLY },
	{ IPPROTO_ICMPV6, 1 /* ICMPV6_FILTER */, 32, D | V6 | EARLY },
	/* Behind IP_TOS, which changes it. */
	{ SOL_SOCKET, SO_PRIORITY, 4, S },
	{ SOL_PACKET, PACKET_AUXDATA, 4, D | P | EARLY },
	{ SOL_PACKET, PACKET_VERSION, 4, D | P | EARLY },
	{ SOL_PACKET, PACKET_RESERVE, 4, D | P | EARLY },
	{ SOL_PACKET, PACKET_TIMESTAMP, 4, D | P | EARLY },
	{ SOL_PACKET, PACKET_LOSS, 4, D | P | EARLY },
	{ SOL_PACKET, PACKET_VNET_HDR, 4, D | P | EARLY },
	{ SOL_PACKET, PACKET_ORIGDEV, 4, D | P | EARLY },
	{ SOL_PACKET, PACKET_QDISC_BYPASS, 4, D | P | EARLY },
	{ SOL_NETLINK, NETLINK_PKTINFO, 4, D | N },
	{ SOL_NETLINK, NETLINK_BROADCAST_ERROR, 4, D | N },
	{ SOL_NETLINK, NETLINK_NO_ENOBUFS, 4, D | N },
	{ SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 4, D | N },
	{ SOL_NETLINK, NETLINK_CAP_ACK, 4, D | N },
	{ SOL_NETLINK, NETLINK_EXT_ACK, 4, D | N },
	{ SOL_NETLINK, NETLINK_GET_STRICT_CHK, 4, D | N },
};
_Static_assert(CR_ARRAY_SIZE(table) <= CR_OPTIONS_MAX, "there is a place for each");

/* What a new socket of a kind says. */
struct cr_inet_defaults {
	struct cr_inet_defaults *next;
	uint32_t family, type, protocol;
	struct cr_option_defaults of_new;
};

static struct cr_inet_defaults *read_defaults(const cairn_InetSocket *m)
{
	cr_auto_fd fd = socket(m->family, m->type | SOCK_CLOEXEC, m->protocol);
	struct cr_inet_defaults *d = calloc(1, sizeof(*d));
	size_t i;

	if (d) {
		cr_option_defaults(fd, table, CR_ARRAY_SIZE(table), &d->of_new);
		/* Zero, though we may be forbidden to make one. */
		for (i = 0; i < CR_ARRAY_SIZE(table); i++)
			if (table[i].flags & (P | N))
				d->of_new.size[i] = table[i].size;
		d->family = m->family;
		d->type = m->type;
		d->protocol = m->protocol;
	}
	return d;
}

const struct cr_inet_defaults *cr_inet_defaults(struct cr_inet_defaults **cache,
						const cairn_InetSocket *m)
{
	struct cr_inet_defaults *d;

	for (d = *cache; d; d = d->next)
		if (d->family == m->family && d->type == m->type && d->protocol == m->protocol)
			return d;
	d = read_defaults(m);
	if (d) {
		d->next = *cache;
		*cache = d;
	}
	return d;
}

void cr_inet_defaults_free(struct cr_inet_defaults *cache)
{
	while (cache) {
		struct cr_inet_defaults *next = cache->next;

		free(cache);
		cache = next;
	}
}

/* The options that can mean something for a socket: each costs a system call. */
static unsigned int unfit(const struct cr_inet *k)
{
	bool tcp = k->m.type == SOCK_STREAM, v6 = k->m.family == AF_INET6;
	unsigned int flags = tcp ? D : T;

	flags |= k->m.family == AF_PACKET ? 0 : P;
	flags |= k->m.family == AF_NETLINK ? 0 : N;
	if (!v6)
		flags |= V6;
	else if (tcp && !cr_inet_is_mapped(&k->local) && !cr_inet_is_any(&k->local))
		flags |= V4;
	if (tcp && k->m.state != CR_TCP_CLOSE && k->m.state != CR_TCP_LISTEN)
		flags |= IDLE;
	return flags;
}

static bool inet_options_fits(const struct cr_option *o, unsigned int no)
{
	/* Of TCP or datagrams it must be one, of the rest it must be none that is unfit. */
	return o->flags & S & ~no && !(o->flags & no & ~S);
}

void cr_inet_options_read(struct cr_inet *k)
{
	unsigned int no = unfit(k);
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(table) && !k->too_many_options; i++)
		if (inet_options_fits(&table[i], no))
			k->too_many_options =
				!cr_option_read(k->fd, &table[i], &k->defaults->of_new, i,
						k->m.options, &k->m.options_count,
						CR_ARRAY_SIZE(k->m.options));
}

int cr_inet_options_check(const struct cr_inet *k, struct cr_err *err)
{
	if (!k->too_many_options)
		return 0;
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has set more options of a socket (fd %d) than can be saved",
		       k->pid, k->number);
}

int cr_inet_options_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err)
{
	struct cr_inet_defaults *own = NULL;
	int ret;

	k->defaults = cr_inet_defaults(&own, &k->m);
	if (!k->defaults)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	cr_inet_options_read(k);
	cr_inet_defaults_free(own);
	ret = cr_inet_options_check(k, err);
	return ret ? ret : cr_inet_filter_save(s, k, err);
}

static const struct cr_option *inet_options_find(const cairn_SocketOption *o)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(table); i++)
		if (table[i].level == o->level && table[i].name == o->name)
			return &table[i];
	return NULL;
}

int cr_inet_option(const cairn_InetSocket *m, int level, int name, int missing)
{
	pb_size_t i;

	for (i = 0; i < m->options_count; i++) {
		int value = 0;

		if (m->options[i].level != level || m->options[i].name != name)
			continue;
		memcpy(&value, m->options[i].value.bytes, sizeof(value));
		return value;
	}
	return missing;
}

void cr_inet_grow(int fd, int name, size_t bytes)
{
	int value = bytes > INT32_MAX / 4 ? INT32_MAX / 4 : bytes;

	if (cr_socket_get(fd, SOL_SOCKET, name) / 2 < value)
		cr_socket_buffer(fd, name, value * 2);
}

/*
 * SO_RCVLOWAT has the kernel make room for so much; how much that takes, it knows by itself. To be
 * tried before SO_RCVBUF, which may have less, and keeps the buffer from ever growing by itself:
 * nobody can undo that before Linux 5.15.
 */
void cr_tcp_grow(int fd, int want)
{
	int lowat = cr_socket_get(fd, SOL_SOCKET, SO_RCVLOWAT);
	int lock = cr_socket_get(fd, SOL_SOCKET, BUF_LOCK);
	int got = cr_socket_get(fd, SOL_SOCKET, SO_RCVBUF);
	int64_t more;

	if (got >= want)
		return;
	cr_socket_set(fd, SOL_SOCKET, BUF_LOCK, lock & ~SOCK_RCVBUF_LOCK);
	cr_socket_set(fd, SOL_SOCKET, SO_RCVLOWAT, want / 2);
	got = cr_socket_get(fd, SOL_SOCKET, SO_RCVBUF);
	more = got > 0 ? (int64_t)(want / 2) * want / got : 0;
	if (got < want)
		cr_socket_set(fd, SOL_SOCKET, SO_RCVLOWAT,
			      more < INT32_MAX / 4 ? more : INT32_MAX / 4);
	cr_socket_set(fd, SOL_SOCKET, SO_RCVLOWAT, lowat);
	cr_socket_set(fd, SOL_SOCKET, BUF_LOCK, lock);
}

static int value_of_new(const cairn_InetSocket *m, int name)
{
	cr_auto_fd fd = socket(m->family, m->type | SOCK_CLOEXEC, m->protocol);

	return cr_socket_get(fd, SOL_SOCKET, name);
}

static bool can_unlock(int fd)
{
	return !cr_socket_set(fd, SOL_SOCKET, BUF_LOCK, cr_socket_get(fd, SOL_SOCKET, BUF_LOCK));
}

/* What is set is doubled by the kernel, and locks it against growing by itself. */
static void restore_buffer(int fd, const cairn_InetSocket *m, int name)
{
	int want = cr_inet_option(m, SOL_SOCKET, name, 0);

	if (!want)
		want = value_of_new(m, name);
	if (!want || cr_socket_get(fd, SOL_SOCKET, name) == want)
		return;
	if (m->protocol == IPPROTO_TCP && name == SO_RCVBUF && !can_unlock(fd)) {
		cr_tcp_grow(fd, want);
		/* SO_RCVBUF, which locks it for ever, only makes even ones up to the limit. */
		if (cr_socket_get(fd, SOL_SOCKET, name) == want || want > cr_socket_limit(name) ||
		    want % 2)
			return;
	}
	cr_socket_buffer(fd, name, want);
	/* One that has grown by itself may have more than can be asked for. */
	if (m->protocol == IPPROTO_TCP && name == SO_RCVBUF)
		cr_tcp_grow(fd, want);
}

static void inet_options_set(int fd, const cairn_SocketOption *o)
{
	if (cr_option_restore(fd, o) == -EPERM)
		cr_say("option %d of level %d of a socket of the job cannot be set again: it needs "
		       "a privilege that this restart does not have",
		       o->name, o->level);
}

/* What was set to have an address again; both families' option is one and the same. */
static void inet_options_give_back(int fd, const cairn_InetSocket *m)
{
	int freebind = cr_inet_option(m, IPPROTO_IP, IP_FREEBIND, 0) ||
		       cr_inet_option(m, IPPROTO_IPV6, 78 /* IPV6_FREEBIND */, 0);

	cr_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, cr_inet_option(m, SOL_SOCKET, SO_REUSEADDR, 0));
	if (cr_socket_get(fd, SOL_SOCKET, SO_REUSEPORT) !=
	    cr_inet_option(m, SOL_SOCKET, SO_REUSEPORT, 0))
		cr_socket_set(fd, SOL_SOCKET, SO_REUSEPORT,
			      cr_inet_option(m, SOL_SOCKET, SO_REUSEPORT, 0));
	if (m->family != AF_PACKET && cr_socket_get(fd, IPPROTO_IP, IP_FREEBIND) != freebind)
		cr_socket_set(fd, IPPROTO_IP, IP_FREEBIND, freebind);
}

void cr_inet_options_restore(int fd, const cairn_InetSocket *m, enum cr_inet_phase phase)
{
	pb_size_t i;

	for (i = 0; i < m->options_count; i++) {
		const struct cr_option *o = inet_options_find(&m->options[i]);

		if (!o || o->flags & LAST || (phase == CR_INET_BEFORE) != !!(o->flags & EARLY))
			continue;
		inet_options_set(fd, &m->options[i]);
	}
	if (phase == CR_INET_BEFORE)
		return;
	restore_buffer(fd, m, SO_SNDBUF);
	restore_buffer(fd, m, SO_RCVBUF);
	cr_socket_set(fd, SOL_SOCKET, BUF_LOCK, cr_inet_option(m, SOL_SOCKET, BUF_LOCK, 0));
	inet_options_give_back(fd, m);
}

/* ---- the whole ---- */

int cr_inet_filter_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err)
{
	char which[24];

	snprintf(which, sizeof(which), "fd %d", k->number);
	return cr_filter_save(s, k->fd, k->pid, which, &k->m.has_filter, &k->m.filter, err);
}

int cr_inet_options_finish(struct cr_restore *r, int fd, const cairn_InetSocket *m,
			   struct cr_err *err)
{
	int ret;

	cr_inet_options_restore(fd, m, CR_INET_AFTER);
	ret = cr_filter_restore(r, fd, m->has_filter, &m->filter, err);
	if (!ret && cr_inet_option(m, SOL_SOCKET, SO_LOCK_FILTER, 0))
		cr_socket_set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
	return ret;
}
