// SPDX-License-Identifier: Apache-2.0
//
// The options of internet sockets: read one by one, kept where they differ from a new socket's, set
// again. Runs in the shepherd. An option that the kernel does not know is one that nobody has set;
// one that may not be set again is said.
#include "objects/inet/inet_options.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/in6.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/core/object.h"
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
	S = T | D,
};

struct option {
	short level, name;
	short size;
	unsigned short flags;
};

static const struct option table[] = {
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
};

/* What a new socket of a kind says. */
struct cr_inet_defaults {
	struct cr_inet_defaults *next;
	uint32_t family, type, protocol;
	short size[CR_ARRAY_SIZE(table)]; /* -1: it has no such option */
	unsigned char value[CR_ARRAY_SIZE(table)][40];
};

int cr_inet_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

int cr_inet_get(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	return getsockopt(fd, level, name, &value, &len) ? 0 : value;
}

static short read_one(int fd, const struct option *o, unsigned char *value)
{
	socklen_t len = o->size;

	return getsockopt(fd, o->level, o->name, value, &len) ? -1 : (short)len;
}

static struct cr_inet_defaults *read_defaults(const cairn_InetSocket *m)
{
	cr_auto_fd fd = socket(m->family, m->type | SOCK_CLOEXEC, m->protocol);
	struct cr_inet_defaults *d = calloc(1, sizeof(*d));
	size_t i;

	for (i = 0; d && i < CR_ARRAY_SIZE(table); i++)
		d->size[i] = read_one(fd, &table[i], d->value[i]);
	if (d) {
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

	if (!v6)
		flags |= V6;
	else if (tcp && !cr_inet_is_mapped(&k->local) && !cr_inet_is_any(&k->local))
		flags |= V4;
	if (tcp && k->m.state != CR_TCP_CLOSE && k->m.state != CR_TCP_LISTEN)
		flags |= IDLE;
	return flags;
}

static bool inet_options_fits(const struct option *o, unsigned int no)
{
	/* Of TCP or datagrams it must be one, of the rest it must be none that is unfit. */
	return o->flags & S & ~no && !(o->flags & no & ~S);
}

void cr_inet_options_read(struct cr_inet *k)
{
	const struct cr_inet_defaults *d = k->defaults;
	unsigned int no = unfit(k);
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(table); i++) {
		cairn_SocketOption *o = &k->m.options[k->m.options_count];
		unsigned char value[40] = { 0 };
		short size;

		if (d->size[i] < 0 || !inet_options_fits(&table[i], no))
			continue;
		size = read_one(k->fd, &table[i], value);
		if (size < 0 || (size == d->size[i] && !memcmp(value, d->value[i], size)))
			continue;
		if (k->m.options_count == CR_ARRAY_SIZE(k->m.options)) {
			k->too_many_options = true;
			return;
		}
		o->level = table[i].level;
		o->name = table[i].name;
		o->value.size = size;
		memcpy(o->value.bytes, value, size);
		k->m.options_count++;
	}
}

int cr_inet_options_check(const struct cr_inet *k, struct cr_err *err)
{
	if (!k->too_many_options)
		return 0;
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has set more options of a socket (fd %d) than can be saved",
		       k->pid, k->number);
}

int cr_inet_options_save(struct cr_inet_defaults **cache, struct cr_inet *k, struct cr_err *err)
{
	k->defaults = cr_inet_defaults(cache, &k->m);
	if (!k->defaults)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	cr_inet_options_read(k);
	return cr_inet_options_check(k, err);
}

static const struct option *inet_options_find(const cairn_SocketOption *o)
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

/* What everybody may set: the limit is read off a socket of our own. */
static int limit_of(int name)
{
	cr_auto_fd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_inet_set(fd, SOL_SOCKET, name, INT32_MAX / 4);
	return cr_inet_get(fd, SOL_SOCKET, name);
}

/* Bytes as getsockopt() tells them; what is there is never made less by a limit. */
static void set_buffer(int fd, int name, int want)
{
	if (!cr_inet_set(fd, SOL_SOCKET, name == SO_RCVBUF ? SO_RCVBUFFORCE : SO_SNDBUFFORCE,
			 want / 2))
		return;
	if (want <= cr_inet_get(fd, SOL_SOCKET, name) ||
	    cr_inet_get(fd, SOL_SOCKET, name) < limit_of(name))
		cr_inet_set(fd, SOL_SOCKET, name, want / 2);
}

void cr_inet_grow(int fd, int name, size_t bytes)
{
	int value = bytes > INT32_MAX / 4 ? INT32_MAX / 4 : bytes;

	if (cr_inet_get(fd, SOL_SOCKET, name) / 2 < value)
		set_buffer(fd, name, value * 2);
}

/*
 * SO_RCVLOWAT has the kernel make room for so much; how much that takes, it knows by itself. To be
 * tried before SO_RCVBUF, which may have less, and keeps the buffer from ever growing by itself:
 * nobody can undo that before Linux 5.15.
 */
void cr_tcp_grow(int fd, int want)
{
	int lowat = cr_inet_get(fd, SOL_SOCKET, SO_RCVLOWAT);
	int lock = cr_inet_get(fd, SOL_SOCKET, BUF_LOCK);
	int got = cr_inet_get(fd, SOL_SOCKET, SO_RCVBUF);
	int64_t more;

	if (got >= want)
		return;
	cr_inet_set(fd, SOL_SOCKET, BUF_LOCK, lock & ~SOCK_RCVBUF_LOCK);
	cr_inet_set(fd, SOL_SOCKET, SO_RCVLOWAT, want / 2);
	got = cr_inet_get(fd, SOL_SOCKET, SO_RCVBUF);
	more = got > 0 ? (int64_t)(want / 2) * want / got : 0;
	if (got < want)
		cr_inet_set(fd, SOL_SOCKET, SO_RCVLOWAT,
			    more < INT32_MAX / 4 ? more : INT32_MAX / 4);
	cr_inet_set(fd, SOL_SOCKET, SO_RCVLOWAT, lowat);
	cr_inet_set(fd, SOL_SOCKET, BUF_LOCK, lock);
}

static int value_of_new(const cairn_InetSocket *m, int name)
{
	cr_auto_fd fd = socket(m->family, m->type | SOCK_CLOEXEC, m->protocol);

	return cr_inet_get(fd, SOL_SOCKET, name);
}

static bool can_unlock(int fd)
{
	return !cr_inet_set(fd, SOL_SOCKET, BUF_LOCK, cr_inet_get(fd, SOL_SOCKET, BUF_LOCK));
}

/* What is set is doubled by the kernel, and locks it against growing by itself. */
static void restore_buffer(int fd, const cairn_InetSocket *m, int name)
{
	int want = cr_inet_option(m, SOL_SOCKET, name, 0);

	if (!want)
		want = value_of_new(m, name);
	if (!want || cr_inet_get(fd, SOL_SOCKET, name) == want)
		return;
	if (m->protocol == IPPROTO_TCP && name == SO_RCVBUF && !can_unlock(fd))
		cr_tcp_grow(fd, want);
	if (cr_inet_get(fd, SOL_SOCKET, name) == want)
		return;
	set_buffer(fd, name, want);
	/* One that has grown by itself may have more than can be asked for. */
	if (m->protocol == IPPROTO_TCP && name == SO_RCVBUF)
		cr_tcp_grow(fd, want);
}

static void inet_options_set(int fd, const cairn_SocketOption *o)
{
	if (!setsockopt(fd, o->level, o->name, o->value.bytes, o->value.size))
		return;
	if (errno == EPERM)
		cr_say("option %d of level %d of a socket of the job cannot be set again: it needs "
		       "a privilege that this restart does not have",
		       o->name, o->level);
}

/* What was set to have an address again; both families' option is one and the same. */
static void give_back(int fd, const cairn_InetSocket *m)
{
	int freebind = cr_inet_option(m, IPPROTO_IP, IP_FREEBIND, 0) ||
		       cr_inet_option(m, IPPROTO_IPV6, 78 /* IPV6_FREEBIND */, 0);

	cr_inet_set(fd, SOL_SOCKET, SO_REUSEADDR, cr_inet_option(m, SOL_SOCKET, SO_REUSEADDR, 0));
	if (cr_inet_get(fd, SOL_SOCKET, SO_REUSEPORT) !=
	    cr_inet_option(m, SOL_SOCKET, SO_REUSEPORT, 0))
		cr_inet_set(fd, SOL_SOCKET, SO_REUSEPORT,
			    cr_inet_option(m, SOL_SOCKET, SO_REUSEPORT, 0));
	if (m->family != AF_PACKET && cr_inet_get(fd, IPPROTO_IP, IP_FREEBIND) != freebind)
		cr_inet_set(fd, IPPROTO_IP, IP_FREEBIND, freebind);
}

void cr_inet_options_restore(int fd, const cairn_InetSocket *m, enum cr_inet_phase phase)
{
	pb_size_t i;

	for (i = 0; i < m->options_count; i++) {
		const struct option *o = inet_options_find(&m->options[i]);

		if (!o || o->flags & LAST || (phase == CR_INET_BEFORE) != !!(o->flags & EARLY))
			continue;
		inet_options_set(fd, &m->options[i]);
	}
	if (phase == CR_INET_BEFORE)
		return;
	restore_buffer(fd, m, SO_SNDBUF);
	restore_buffer(fd, m, SO_RCVBUF);
	cr_inet_set(fd, SOL_SOCKET, BUF_LOCK, cr_inet_option(m, SOL_SOCKET, BUF_LOCK, 0));
	give_back(fd, m);
}

/* ---- classic BPF ---- */

int cr_inet_filter_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err)
{
	struct sock_filter code[BPF_MAXINSNS];
	socklen_t n = 0;

	/* Its length is counted in instructions. */
	if (getsockopt(k->fd, SOL_SOCKET, SO_GET_FILTER, NULL, &n) || !n)
		return 0;
	if (n > BPF_MAXINSNS || getsockopt(k->fd, SOL_SOCKET, SO_GET_FILTER, code, &n))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
			       "process %d has a socket (fd %d) with a filter that cannot be read "
			       "(SO_ATTACH_BPF); the job goes on",
			       k->pid, k->number);
	k->m.has_filter = true;
	return s->writer ? cr_image_blob(s->writer, code, n * sizeof(*code), &k->m.filter, err) : 0;
}

int cr_inet_filter_restore(struct cr_restore *r, int fd, const cairn_InetSocket *m,
			   struct cr_err *err)
{
	struct sock_fprog program;
	cr_auto_free void *code = NULL;
	int ret;

	if (m->has_filter) {
		ret = cr_image_read_blob(r->img, &m->filter, &code, err);
		if (ret)
			return ret;
		program.len = m->filter.size / sizeof(struct sock_filter);
		program.filter = code;
		if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot attach a filter");
	}
	if (cr_inet_option(m, SOL_SOCKET, SO_LOCK_FILTER, 0))
		cr_inet_set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
	return 0;
}
