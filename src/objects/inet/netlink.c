// SPDX-License-Identifier: Apache-2.0
//
// Netlink sockets: protocol, port id, groups, options. An answer that is waiting to be read is the
// kernel's word of that moment and cannot be put back: such a checkpoint is refused. Messages to
// groups are news, which may always be lost; they are dropped.
// Runs in the shepherd. A port id that somebody else has is replaced by another, and that is said.
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/image_write.h"
#include "objects/core/save.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/shape/shape.h"

static bool netlink_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISSOCK(v->st.st_mode) && !(v->flags & O_PATH) &&
	       cr_socket_get(v->fd, SOL_SOCKET, SO_DOMAIN) == AF_NETLINK;
}

static int netlink_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			struct cr_err *err)
{
	struct cr_inet *k = calloc(1, sizeof(*k));
	struct pollfd p = { .fd = v->fd, .events = POLLIN };
	uint32_t groups[10] = { 0 };
	socklen_t len;
	int ret;

	if (!k)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	cr_inet_note(k, v, d->id);
	len = sizeof(struct sockaddr_nl);
	getsockname(v->fd, (void *)k->m.local.bytes, &len);
	k->m.local.size = len;
	len = sizeof(struct sockaddr_nl);
	getpeername(v->fd, (void *)k->m.remote.bytes, &len);
	k->m.remote.size = len;
	ret = cr_inet_options_save(s, k, err);
	len = sizeof(groups);
	if (!getsockopt(v->fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, &len) && len)
		cr_option_add(k->m.options, &k->m.options_count, CR_ARRAY_SIZE(k->m.options),
			      SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups,
			      len < sizeof(groups) ? len : sizeof(groups));
	if (!ret && poll(&p, 1, 0) == 1 && p.revents & POLLIN) {
		if (((struct sockaddr_nl *)k->m.local.bytes)->nl_groups || groups[0])
			cr_remark(s, "process %d, fd %d: unread netlink news are lost", v->pid,
				  v->number);
		else
			ret = cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
				      "process %d has an answer on a netlink socket (fd %d) that "
				      "it has not read, which cannot be put back: try again when "
				      "it is read; the job goes on",
				      v->pid, v->number);
	}
	if (!ret && s->writer)
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_INET, &k->m, err);
	free(k);
	return ret;
}

static void netlink_join(int fd, const cairn_InetSocket *m)
{
	pb_size_t i;
	size_t bit;

	for (i = 0; i < m->options_count; i++) {
		const cairn_SocketOption *o = &m->options[i];

		if (o->level != SOL_NETLINK || o->name != NETLINK_LIST_MEMBERSHIPS)
			continue;
		for (bit = 0; bit < o->value.size * 8u; bit++)
			if (o->value.bytes[bit / 8] >> bit % 8 & 1 &&
			    cr_socket_set(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, bit + 1))
				cr_say("cannot join netlink group %zu of protocol %u again: %s",
				       bit + 1, m->protocol, strerror(errno));
	}
}

static int netlink_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	const cairn_InetSocket *m = cr_inet_saved(r, d, err);
	struct sockaddr_nl local = { 0 }, remote = { 0 };
	int fd;

	if (!m)
		return -EBADMSG;
	fd = socket(AF_NETLINK, m->type | SOCK_CLOEXEC, m->protocol);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot make a netlink socket of protocol %u", m->protocol);
	memcpy(&local, m->local.bytes, sizeof(local));
	memcpy(&remote, m->remote.bytes, sizeof(remote));
	cr_inet_options_restore(fd, m, CR_INET_BEFORE);
	local.nl_groups = 0;
	if (local.nl_pid && bind(fd, (void *)&local, sizeof(local))) {
		cr_say("netlink port id %u is somebody else's now: another is taken", local.nl_pid);
		local.nl_pid = 0;
		bind(fd, (void *)&local, sizeof(local));
	}
	netlink_join(fd, m);
	if ((remote.nl_pid || remote.nl_groups) && connect(fd, (void *)&remote, sizeof(remote)))
		cr_say("cannot connect a netlink socket again: %s", strerror(errno));
	return cr_inet_restored(r, d, m, fd, err);
}

const struct cr_object cr_object_netlink = {
	.shape = &cr_shape_netlink,
	.match = netlink_match,
	.save = netlink_save,
	.restore = netlink_restore,
};
