// SPDX-License-Identifier: Apache-2.0
//
// All unix sockets of the network namespace, asked of the kernel once per save: who is whose peer,
// who waits in whose backlog. Needs no privilege.
#include "objects/unix/unix_diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <unistd.h>

#ifndef UNIX_DIAG_SHUTDOWN
#define UNIX_DIAG_SHUTDOWN 6
#endif

static int unix_diag_ask(int sock)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req body;
	} request = {
		{ sizeof(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 },
		{ .sdiag_family = AF_UNIX,
		  .udiag_states = ~0u,
		  .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER |
				UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN | UDIAG_SHOW_MEMINFO },
	};

	return send(sock, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

static int add_clients(struct unix_table *t, struct unix_entry *e, const uint32_t *v, size_t n)
{
	size_t i;

	e->first_client = t->clients.n;
	e->nclients = n;
	for (i = 0; i < n; i++) {
		uint32_t *to = cr_list_add(&t->clients);

		if (!to)
			return -ENOMEM;
		*to = v[i];
		if (v[i]) {
			struct unix_waiting *w = cr_list_add(&t->waiting);

			if (!w)
				return -ENOMEM;
			*w = (struct unix_waiting){ v[i], e->inode };
		}
	}
	return 0;
}

static int add_entry(struct unix_table *t, const struct nlmsghdr *head)
{
	const struct unix_diag_msg *msg = NLMSG_DATA(head);
	const struct rtattr *a = (const void *)(msg + 1);
	int left = head->nlmsg_len - NLMSG_LENGTH(sizeof(*msg));
	struct unix_entry *e = cr_list_add(&t->entries);

	if (!e)
		return -ENOMEM;
	e->inode = msg->udiag_ino;
	e->type = msg->udiag_type;
	e->state = msg->udiag_state;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		const void *data = RTA_DATA(a);
		size_t len = RTA_PAYLOAD(a);

		switch (a->rta_type) {
		case UNIX_DIAG_NAME:
			e->name_len = len < sizeof(e->name) ? len : sizeof(e->name);
			memcpy(e->name, data, e->name_len);
			break;
		case UNIX_DIAG_VFS:
			e->has_file = true;
			e->file_inode = ((const struct unix_diag_vfs *)data)->udiag_vfs_ino;
			break;
		case UNIX_DIAG_PEER:
			e->has_peer = true;
			e->peer = *(const uint32_t *)data;
			break;
		case UNIX_DIAG_RQLEN:
			e->queued = ((const struct unix_diag_rqlen *)data)->udiag_rqueue;
			e->backlog = ((const struct unix_diag_rqlen *)data)->udiag_wqueue;
			if (e->state != 10)
				e->unread = e->backlog;
			break;
		case UNIX_DIAG_MEMINFO:
			e->buffer[0] = ((const uint32_t *)data)[SK_MEMINFO_SNDBUF];
			e->buffer[1] = ((const uint32_t *)data)[SK_MEMINFO_RCVBUF];
			break;
		case UNIX_DIAG_SHUTDOWN:
			e->shutdown = *(const uint8_t *)data;
			break;
		case UNIX_DIAG_ICONS:
			if (add_clients(t, e, data, len / sizeof(uint32_t)))
				return -ENOMEM;
			break;
		}
	}
	return 0;
}

/* 1 when all has come. */
static int unix_diag_take(struct unix_table *t, int sock, char *buf, size_t room)
{
	const struct nlmsghdr *head = (const void *)buf;
	ssize_t n = recv(sock, buf, room, 0);
	int ret;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (; NLMSG_OK(head, n); head = NLMSG_NEXT(head, n)) {
		if (head->nlmsg_type == NLMSG_DONE)
			return 1;
		if (head->nlmsg_type == NLMSG_ERROR) {
			ret = ((const struct nlmsgerr *)NLMSG_DATA(head))->error;
			return ret ? ret : -EPROTO;
		}
		if (head->nlmsg_type == SOCK_DIAG_BY_FAMILY && add_entry(t, head))
			return -ENOMEM;
	}
	return 0;
}

static int unix_diag_by_inode(const void *a, const void *b)
{
	const struct unix_entry *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int by_client(const void *a, const void *b)
{
	const struct unix_waiting *x = a, *y = b;

	return (x->client > y->client) - (x->client < y->client);
}

int unix_table_read(struct unix_table *t)
{
	cr_auto_fd sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	size_t room = 256 << 10;
	cr_auto_free char *buf = malloc(room);
	int ret;

	if (sock < 0)
		return -errno;
	if (!buf)
		return -ENOMEM;
	ret = unix_diag_ask(sock);
	while (!ret)
		ret = unix_diag_take(t, sock, buf, room);
	if (ret < 0)
		return ret;
	if (t->entries.n)
		qsort(t->entries.v, t->entries.n, sizeof(*t->entries.v), unix_diag_by_inode);
	if (t->waiting.n)
		qsort(t->waiting.v, t->waiting.n, sizeof(*t->waiting.v), by_client);
	return 0;
}

void unix_table_free(struct unix_table *t)
{
	free(t->entries.v);
	free(t->clients.v);
	free(t->waiting.v);
}

const struct unix_entry *unix_table_find(const struct unix_table *t, uint32_t inode)
{
	struct unix_entry key = { .inode = inode };

	return t->entries.n ?
		       bsearch(&key, t->entries.v, t->entries.n, sizeof(key), unix_diag_by_inode) :
		       NULL;
}

uint32_t unix_table_waits(const struct unix_table *t, uint32_t client)
{
	struct unix_waiting key = { .client = client }, *w;

	w = t->waiting.n ? bsearch(&key, t->waiting.v, t->waiting.n, sizeof(key), by_client) : NULL;
	return w ? w->listener : 0;
}
