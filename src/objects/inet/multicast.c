// SPDX-License-Identifier: Apache-2.0
//
// Multicast groups that a socket has joined. No call lists them, but one tells whether a socket is
// in a given group of a given interface: so all groups that the host is in are asked for.
// Runs in the shepherd.
#include "objects/inet/multicast.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/image_write.h"
#include "objects/core/object.h"
#include "objects/inet/inet.h"

struct candidate {
	union cr_inet_name group;
	unsigned int interface;
};

struct cr_multicast_groups {
	CR_LIST(struct candidate) all;
};

static void multicast_add(struct cr_multicast_groups *g, const union cr_inet_name *name,
			  unsigned int index)
{
	struct candidate *c = cr_list_add(&g->all);

	if (c)
		*c = (struct candidate){ *name, index };
}

/* "2 eth0 : 1 V3" and below it "  FB0000E0 1 0:00000000 0"; all hosts are in 224.0.0.1. */
static void read_v4(struct cr_multicast_groups *g)
{
	cr_auto_free char *text = NULL;
	unsigned int index = 0, address, used;
	char *line, *at;

	if (cr_slurp(AT_FDCWD, "/proc/net/igmp", &text) <= 0)
		return;
	for (line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		union cr_inet_name name = { .any.sa_family = AF_INET };

		if (line[0] != '\t' && line[0] != ' ') {
			index = atoi(line);
			continue;
		}
		if (sscanf(line, " %8x %u", &address, &used) != 2)
			continue;
		name.v4.sin_addr.s_addr = address;
		if (address != htonl(INADDR_ALLHOSTS_GROUP))
			multicast_add(g, &name, index);
	}
}

/* "1 lo ff02000000000000000000000000fb 1 0000000C 0"; those of the kernel have flag 8 or more. */
static void read_v6(struct cr_multicast_groups *g)
{
	cr_auto_free char *text = NULL;
	char *line, *at, hex[33];
	unsigned int index, i;

	if (cr_slurp(AT_FDCWD, "/proc/net/igmp6", &text) <= 0)
		return;
	for (line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		union cr_inet_name name = { .any.sa_family = AF_INET6 };

		if (sscanf(line, "%u %*s %32s", &index, hex) != 2)
			continue;
		for (i = 0; i < 16; i++) {
			unsigned int byte = 0;

			sscanf(hex + 2 * i, "%2x", &byte);
			name.v6.sin6_addr.s6_addr[i] = byte;
		}
		/* Every host is in ff01::1, ff02::1 and those of its own addresses. */
		if (!strncmp(hex, "ff01", 4) || !strcmp(hex, "ff020000000000000000000000000001") ||
		    !strncmp(hex, "ff0200000000000000000001ff", 26))
			continue;
		multicast_add(g, &name, index);
	}
}

void cr_multicast_free(struct cr_multicast_groups *g)
{
	if (g)
		free(g->all.v);
	free(g);
}

static int level_of(const union cr_inet_name *group)
{
	return group->any.sa_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
}

static int multicast_save_one(struct cr_save *s, struct cr_inet *k, const struct candidate *c,
			      struct cr_err *err)
{
	char room[GROUP_FILTER_SIZE(64)] __attribute__((aligned(8))) = { 0 };
	struct group_filter *f = (void *)room;
	cairn_Multicast m = { .socket = k->m.id, .interface = c->interface };
	socklen_t len = sizeof(room);
	pb_size_t i;

	f->gf_interface = c->interface;
	f->gf_numsrc = 64;
	memcpy(&f->gf_group, &c->group, cr_inet_len(&c->group));
	if (getsockopt(k->fd, level_of(&c->group), MCAST_MSFILTER, f, &len))
		return 0;
	m.mode = f->gf_fmode;
	m.group.size = cr_inet_len(&c->group);
	memcpy(m.group.bytes, &c->group, m.group.size);
	m.sources_count = f->gf_numsrc < 64 ? f->gf_numsrc : 64;
	for (i = 0; i < m.sources_count; i++) {
		m.sources[i].size = m.group.size;
		memcpy(m.sources[i].bytes, &f->gf_slist[i], m.group.size);
	}
	return s->writer ? cr_image_record(s->writer, cairn_RecordType_RECORD_MULTICAST, &m, err) :
			   0;
}

int cr_multicast_save(struct cr_save *s, struct cr_inet *k, struct cr_multicast_groups **cache,
		      struct cr_err *err)
{
	size_t i;
	int ret = 0;

	if (!*cache) {
		*cache = calloc(1, sizeof(**cache));
		if (!*cache)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
		read_v4(*cache);
		read_v6(*cache);
	}
	for (i = 0; i < (*cache)->all.n && !ret; i++) {
		const struct candidate *c = &(*cache)->all.v[i];

		if (k->m.family == AF_INET6 || c->group.any.sa_family == AF_INET)
			ret = multicast_save_one(s, k, c, err);
	}
	return ret;
}

static int multicast_join(int fd, const cairn_Multicast *m)
{
	char room[GROUP_FILTER_SIZE(64)] __attribute__((aligned(8))) = { 0 };
	struct group_filter *f = (void *)room;
	struct group_req q = { .gr_interface = m->interface };
	union cr_inet_name name;
	pb_size_t i;
	int level;

	cr_inet_name(&name, m->group.bytes, m->group.size);
	level = level_of(&name);
	memcpy(&q.gr_group, &name, sizeof(name));
	if (setsockopt(fd, level, MCAST_JOIN_GROUP, &q, sizeof(q)))
		return -errno;
	if (m->mode == MCAST_EXCLUDE && !m->sources_count)
		return 0;
	f->gf_interface = m->interface;
	f->gf_fmode = m->mode;
	f->gf_numsrc = m->sources_count;
	memcpy(&f->gf_group, &name, sizeof(name));
	for (i = 0; i < m->sources_count; i++)
		memcpy(&f->gf_slist[i], m->sources[i].bytes, m->sources[i].size);
	return setsockopt(fd, level, MCAST_MSFILTER, f, GROUP_FILTER_SIZE(f->gf_numsrc)) ? -errno :
											   0;
}

int cr_multicast_restore(struct cr_restore *r, int fd, const cairn_InetSocket *m,
			 struct cr_err *err)
{
	union cr_inet_name name;
	char text[CR_INET_TEXT];
	size_t i;

	for (i = 0; i < r->img->multicasts.n; i++) {
		const cairn_Multicast *g = &r->img->multicasts.v[i];
		int ret = g->socket == m->id ? multicast_join(fd, g) : 0;

		cr_inet_name(&name, g->group.bytes, g->group.size);
		if (ret)
			cr_say("cannot join the multicast group %s on interface %u again: %s",
			       cr_inet_text(&name, text), g->interface, strerror(-ret));
	}
	return 0;
}
