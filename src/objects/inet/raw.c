// SPDX-License-Identifier: Apache-2.0
//
// Raw, packet and ping sockets. Their queues are copies of what passed by on the network, which
// nobody is promised: they are dropped. To make raw and packet sockets needs CAP_NET_RAW at a
// restart as it did before.
// Runs in the shepherd. Sockets of families that Cairn does not know are refused here by name.
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/image_write.h"
#include "objects/core/save.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/multicast.h"
#include "objects/shape/shape.h"

static bool raw_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISSOCK(v->st.st_mode) && !(v->flags & O_PATH);
}

static const char *raw_name_of(const struct cr_inet *k)
{
	static const struct {
		uint32_t family;
		const char *name;
	} names[] = {
		{ AF_ALG, "a socket of the kernel's cryptography (AF_ALG)" },
		{ AF_VSOCK, "a socket to a hypervisor (AF_VSOCK)" },
		{ AF_BLUETOOTH, "a Bluetooth socket" },
		{ AF_CAN, "a CAN socket" },
		{ AF_XDP, "an XDP socket" },
		{ AF_TIPC, "a TIPC socket" },
		{ AF_KEY, "a socket of IPsec keys" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(names); i++)
		if (names[i].family == k->m.family)
			return names[i].name;
	if (k->m.protocol == IPPROTO_MPTCP)
		return "an MPTCP socket (GODEBUG=multipathtcp=0 has Go use TCP)";
	return k->m.protocol == IPPROTO_SCTP ? "an SCTP socket" : "a socket of an unknown kind";
}

static bool is_ping(const cairn_InetSocket *m)
{
	return m->type == SOCK_DGRAM &&
	       (m->protocol == IPPROTO_ICMP || m->protocol == IPPROTO_ICMPV6);
}

/*
 * getpeername() knows no address without a port. "  1: 00000000:0001 0100007F:0000 07 ..." with
 * the inode in the tenth column; words of an address are in this machine's order.
 */
static void read_remote(struct cr_inet *k, uint64_t inode)
{
	cr_auto_free char *text = NULL;
	bool v6 = k->m.family == AF_INET6;
	char *line, *at, address[33];
	unsigned long long number;
	uint32_t *words =
		v6 ? (uint32_t *)&k->remote.v6.sin6_addr : (uint32_t *)&k->remote.v4.sin_addr;
	int i;

	if (cr_slurp(AT_FDCWD, v6 ? "/proc/net/raw6" : "/proc/net/raw", &text) <= 0)
		return;
	for (line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		if (sscanf(line, " %*s %*s %32[0-9A-F]:%*s %*s %*s %*s %*s %*s %*s %llu", address,
			   &number) != 2 ||
		    number != inode)
			continue;
		for (i = 0; i < (v6 ? 4 : 1); i++)
			sscanf(address + 8 * i, "%8x", &words[i]);
		k->remote.any.sa_family = k->m.family;
		k->m.remote.size = cr_inet_is_any(&k->remote) ? 0 : cr_inet_len(&k->remote);
		return;
	}
}

static int raw_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		    struct cr_err *err)
{
	struct cr_inet *k = calloc(1, sizeof(*k));
	struct pollfd p = { .fd = v->fd, .events = POLLIN | POLLRDHUP };
	struct cr_multicast_groups *groups = NULL;
	socklen_t len = sizeof(k->local);
	int ret;

	if (!k)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	cr_inet_note(k, v, d->id);
	if (k->m.family != AF_PACKET && (k->m.family != AF_INET || k->m.type != SOCK_RAW) &&
	    (k->m.family != AF_INET6 || k->m.type != SOCK_RAW) && !is_ping(&k->m)) {
		ret = cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			      "process %d has %s (fd %d, family %u, type %u, protocol %u), which "
			      "cannot be saved: close it before; the job goes on",
			      v->pid, raw_name_of(k), v->number, k->m.family, k->m.type,
			      k->m.protocol);
		free(k);
		return ret;
	}
	if (!getsockname(v->fd, &k->local.any, &len))
		k->m.local.size = len < sizeof(k->local) ? len : sizeof(k->local);
	len = sizeof(k->remote);
	if (!getpeername(v->fd, &k->remote.any, &len))
		k->m.remote.size = len < sizeof(k->remote) ? len : sizeof(k->remote);
	if (k->m.family != AF_PACKET && !k->m.remote.size)
		read_remote(k, v->st.st_ino);
	memcpy(k->m.local.bytes, &k->local, k->m.local.size);
	memcpy(k->m.remote.bytes, &k->remote, k->m.remote.size);
	poll(&p, 1, 0);
	k->m.events = p.revents;
	if (p.revents & POLLIN)
		cr_remark(s, "process %d, fd %d: packets that a raw socket has not read are lost",
			  v->pid, v->number);
	ret = cr_inet_options_save(s, k, err);
	if (!ret && k->m.family != AF_PACKET)
		ret = cr_multicast_save(s, k, &groups, err);
	cr_multicast_free(groups);
	if (!ret && s->writer)
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_INET, &k->m, err);
	free(k);
	return ret;
}

static int raw_forbidden(const cairn_InetSocket *m, int error, struct cr_err *err)
{
	if (is_ping(m))
		return cr_fail(err, CR_EXIT_PERMISSION, error,
			       "cannot make a ping socket again: have net.ipv4.ping_group_range "
			       "include this group");
	return cr_fail(err, CR_EXIT_PERMISSION, error,
		       "cannot make a %s socket again: it needs CAP_NET_RAW over the network, as "
		       "root has (restart the job as root, or end its use before a checkpoint)",
		       m->family == AF_PACKET ? "packet" : "raw");
}

static int bind_packet(int fd, const cairn_InetSocket *m, struct cr_err *err)
{
	struct sockaddr_ll ll = { 0 };

	memcpy(&ll, m->local.bytes, m->local.size < sizeof(ll) ? m->local.size : sizeof(ll));
	ll.sll_family = AF_PACKET;
	if ((ll.sll_ifindex || ll.sll_protocol) && bind(fd, (void *)&ll, sizeof(ll)))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot bind a packet socket to interface %d again", ll.sll_ifindex);
	return 0;
}

static int bind_raw(struct cr_restore *r, int fd, const cairn_InetSocket *m, struct cr_err *err)
{
	union cr_inet_name local, remote;
	char text[CR_INET_TEXT];

	cr_inet_name(&local, m->local.bytes, m->local.size);
	cr_inet_name(&remote, m->remote.bytes, m->remote.size);
	/* A raw socket shows its protocol as its port. */
	if (!is_ping(m))
		cr_inet_set_port(&local, 0);
	if ((!cr_inet_is_any(&local) || cr_inet_port(&local)) &&
	    bind(fd, &local.any, cr_inet_len(&local)))
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot use address %s again",
			       cr_inet_text(&local, text));
	if (m->remote.size && connect(fd, &remote.any, cr_inet_len(&remote)))
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot connect to %s again",
			       cr_inet_text(&remote, text));
	return cr_multicast_restore(r, fd, m, err);
}

static int raw_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	const cairn_InetSocket *m = cr_inet_saved(r, d, err);
	struct sockaddr_ll ll = { 0 };
	int fd, ret, protocol;

	if (!m)
		return -EBADMSG;
	memcpy(&ll, m->local.bytes, m->local.size < sizeof(ll) ? m->local.size : sizeof(ll));
	/* Bound to nothing at first, lest it hears what it did not ask for. */
	protocol = m->family == AF_PACKET ? 0 : m->protocol;
	fd = socket(m->family, m->type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return raw_forbidden(m, errno, err);
	cr_inet_options_restore(fd, m, CR_INET_BEFORE);
	ret = m->family == AF_PACKET ? bind_packet(fd, m, err) : bind_raw(r, fd, m, err);
	if (m->events & POLLRDHUP && m->family != AF_PACKET)
		shutdown(fd, m->events & POLLHUP ? SHUT_RDWR : SHUT_RD);
	if (!ret)
		return cr_inet_restored(r, d, m, fd, err);
	close(fd);
	return ret;
}

const struct cr_object cr_object_raw = {
	.shape = &cr_shape_raw,
	.match = raw_match,
	.save = raw_save,
	.restore = raw_restore,
};
