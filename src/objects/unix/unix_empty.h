// SPDX-License-Identifier: Apache-2.0
//
// What is remembered of queues in which there were messages without a byte.
#pragma once

#include <stdbool.h>

#include "common/image.h"

struct unix_table;

struct unix_mark {
	int64_t ns; /* the kernel's stamp */
	bool empty;
	bool rights; /* it carries descriptors, which cannot be had again */
	cairn_UnixMessage *m; /* of an empty one */
};

struct unix_seen {
	uint32_t inode;
	CR_LIST(struct unix_mark) marks;
};

struct unix_seen *unix_seen_of(uint32_t inode);
struct unix_seen *unix_seen_new(uint32_t inode);
void unix_seen_drop(uint32_t inode);
/* Of sockets that are gone. */
void unix_seen_prune(const struct unix_table *t);

/* The place of the message with that stamp, or the end. */
size_t unix_seen_from(const struct unix_seen *s, int64_t ns);
