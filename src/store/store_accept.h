// SPDX-License-Identifier: Apache-2.0
//
// Who connects to this store.
#pragma once

#include "store/internal.h"

struct cr_err;

struct cr_incoming {
	struct cr_incoming *next;
	struct cr_store *store;
	int64_t since_ns;
	/* Under the store's lock. */
	struct cr_image_key key; /* number 0: has not said so yet */
	char node[64];
	int fd;
	bool proved, dropped;
};
/*
 * Makes it the only one that brings this image, which takes the place of an older connection of the
 * same node. -EBUSY: another node sends it.
 */
int cr_incoming_claim(struct cr_incoming *in, const struct cr_image_key *key, const char *node);
/* Ends all that bring images of this member (number 0: any), and waits until they are gone. */
void cr_incoming_drop(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
bool cr_incoming_has(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);

void cr_listen_free(struct cr_store *s);

/* Takes images of other nodes at that address; port 0: any. */
int cr_store_listen(struct cr_store *s, const struct sockaddr *at, socklen_t len,
		    struct cr_err *err);
unsigned int cr_store_port(const struct cr_store *s);
