// SPDX-License-Identifier: Apache-2.0
//
// See users.h. Descriptors are the daemon's scarcest good: half of them are for connections of
// users, and no user gets more than an eighth of that, whatever the options say; nor do those who
// have proved nothing get more than an eighth of all. Root is not limited in their number, so that
// he can always look and put things right.
#include "net/users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "cluster.pb.h"
#include "common/err.h"
#include "net/net_frame.h"

/* What one user, and all who have proved nothing, leave to the others. */
#define SHARE 8
#define FEWEST 8

struct cr_users {
	struct cr_users_limits limits;
	struct cr_user *list;
	unsigned int connections, most; /* of all */
};

static unsigned int descriptors(void)
{
	struct rlimit files = { 1024, 1024 };

	getrlimit(RLIMIT_NOFILE, &files);
	return files.rlim_cur < 1u << 30 ? files.rlim_cur : 1u << 30;
}

unsigned int cr_unproved_most(unsigned int most)
{
	unsigned int share = descriptors() / SHARE + 1;

	return share < most ? share : most;
}

struct cr_users *cr_users_new(const struct cr_users_limits *limits)
{
	struct cr_users *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->limits = *limits;
	u->most = descriptors() / 2;
	if (u->limits.connections > u->most / SHARE)
		u->limits.connections = u->most / SHARE > FEWEST ? u->most / SHARE : FEWEST;
	return u;
}

void cr_users_free(struct cr_users *u)
{
	free(u);
}

static struct cr_user *users_find(struct cr_users *u, uid_t uid)
{
	struct cr_user *one = u->list;

	while (one && one->uid != uid)
		one = one->next;
	return one;
}

struct cr_user *cr_user_enter(struct cr_users *u, uid_t uid, struct cr_err *err)
{
	struct cr_user *one = users_find(u, uid);

	if (uid && one && one->connections >= u->limits.connections) {
		cr_fail(err, CR_EXIT_CLUSTER, 0,
			"user %u has %u connections to %s, as many as one may: end some of what is "
			"connected (or give the daemon more: --user-connections, and LimitNOFILE)",
			uid, one->connections, u->limits.daemon);
		return NULL;
	}
	if (uid && u->connections >= u->most) {
		cr_fail(err, CR_EXIT_CLUSTER, 0,
			"%s has %u connections, as many as it can have: try again later (or give "
			"it more descriptors: LimitNOFILE)",
			u->limits.daemon, u->connections);
		return NULL;
	}
	if (!one) {
		one = calloc(1, sizeof(*one));
		if (!one) {
			cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "a connection");
			return NULL;
		}
		*one = (struct cr_user){ .next = u->list, .of = u, .uid = uid };
		u->list = one;
	}
	one->connections++;
	u->connections++;
	return one;
}

void cr_user_leave(struct cr_user *one)
{
	struct cr_user **p = &one->of->list;

	one->of->connections--;
	if (--one->connections)
		return;
	while (*p != one)
		p = &(*p)->next;
	*p = one->next;
	free(one);
}

bool cr_user_may(const struct cr_user *u, size_t more, struct cr_err *err)
{
	size_t most = u->of->limits.bytes;

	if (more <= most && u->bytes <= most - more)
		return true;
	if (err)
		cr_fail(err, CR_EXIT_CLUSTER, 0,
			"user %u has %zu bytes under way at %s, and %zu more would be too many: "
			"read the answers, or send less at once (or give the daemon more: "
			"--user-bytes)",
			u->uid, u->bytes, u->of->limits.daemon, more);
	return false;
}

void cr_refuse_client(int fd, const struct cr_err *why)
{
	unsigned char room[sizeof(struct cr_frame_header) + cairn_Refusal_size + 64];
	static cairn_ClusterMsg msg;
	ssize_t n;

	memset(&msg, 0, sizeof(msg));
	msg.which_body = cairn_ClusterMsg_refusal_tag;
	msg.body.refusal.status = why->status;
	snprintf(msg.body.refusal.error, sizeof(msg.body.refusal.error), "%s", why->text);
	n = cr_frame_encode(room, sizeof(room), cairn_ClusterMsg_fields, &msg, 0);
	/* Never waits: who has no room for it goes without. */
	if (n > 0)
		send(fd, room, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}
