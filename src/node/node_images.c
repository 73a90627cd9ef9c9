// SPDX-License-Identifier: Apache-2.0
//
// The node's images: between the messages and the store, which does the work and tells what it has.
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "net/address.h"
#include "node/node.h"
#include "node/node_images.h"
#include "node/node_members.h"
#include "store/store_accept.h"
#include "store/chores.h"
#include "store/ship.h"
#include "store/store.h"

/* Read in the background, so that damage is found before the image is needed. */
#define SCRUB_BYTES (8 << 20)

/* An address without a port means any. */
int cr_images_address(struct cr_node *n, struct sockaddr_storage *at, socklen_t *len,
		      struct cr_err *err)
{
	const char *text = n->options.image_listen;
	const char *colon = text ? strrchr(text, ':') : NULL;
	bool port = colon && (colon == strchr(text, ':') || colon[-1] == ']');
	int ret = cr_address_parse(text ? text : ":0", at, len, err);

	if (ret || !text || port)
		return ret;
	if (at->ss_family == AF_INET)
		((struct sockaddr_in *)at)->sin_port = 0;
	else
		((struct sockaddr_in6 *)at)->sin6_port = 0;
	return 0;
}

int cr_images_init(struct cr_node *n, void (*holding)(const cairn_Holding *h, void *arg),
		   struct cr_err *err)
{
	struct cr_store_options o = {
		.base = n->base,
		.path = n->options.store,
		.node = n->name,
		.trust = n->trust,
		.rate = n->options.rate,
		.scrub = SCRUB_BYTES,
		.holding = holding,
		.arg = n,
	};
	struct sockaddr_storage at;
	socklen_t len;
	int ret = cr_store_open(&n->images, &o, err);

	if (!ret)
		ret = cr_images_address(n, &at, &len, err);
	if (!ret)
		ret = cr_store_listen(n->images, (struct sockaddr *)&at, len, err);
	if (ret)
		return ret;
	n->store_id = cr_store_id(n->images);
	n->image_port = cr_store_port(n->images);
	return 0;
}

void cr_images_free(struct cr_node *n)
{
	if (n->images)
		cr_store_close(n->images);
	n->images = NULL;
}

void cr_images_room(struct cr_node *n)
{
	cr_store_room(n->images, &n->store_bytes, &n->store_free);
}

int cr_images_folder(const struct cr_node_member *m, char *out, struct cr_err *err)
{
	return cr_store_folder(m->node->images, m->id.job, m->name, m->id.member, m->uid, m->gid,
			       out, err);
}

void cr_images_report(struct cr_node *n)
{
	cr_store_inventory(n->images);
}

void cr_images_pieces(struct cr_node_member *m, const cairn_Pieces *p, const void *payload,
		      size_t len)
{
	m->writing = p->number;
	cr_store_pieces(m->node->images, m->id.job, m->id.member, p->number, payload, len);
}

void cr_images_written(struct cr_node_member *m, unsigned int number)
{
	m->writing = 0;
	cr_store_written(m->node->images, m->id.job, m->id.member, number);
}

void cr_images_given_up(struct cr_node_member *m)
{
	if (m->writing)
		cr_store_given_up(m->node->images, m->id.job, m->id.member, m->writing);
	m->writing = 0;
}

void cr_images_ship(struct cr_node *n, const cairn_Ship *s)
{
	cr_store_ship(n->images, s);
}

void cr_images_drop(struct cr_node *n, const cairn_Drop *d)
{
	cr_store_drop(n->images, d->job, d->member, d->number);
}
