// SPDX-License-Identifier: Apache-2.0
//
// What an image consists of.
#pragma once

#include <stdbool.h>

#include "common/io.h"
#include "common/piece.h"

struct cr_image;

/* Neighbouring bytes of a pack with one hash: a run or a blob. */
struct cr_span {
	uint64_t offset, size, xxh3;
	uint16_t codec;
};
typedef CR_LIST(struct cr_span) cr_span_list;
typedef CR_LIST(struct cr_piece) cr_piece_list;

/* All of its pack, by place, none twice. */
int cr_spans_of(const struct cr_image *img, cr_span_list *spans);

/* Pieces by a key; the last one put under a key is found. */
struct cr_piece_slot {
	uint64_t key;
	struct cr_piece piece;
	int source;
};
struct cr_piece_map {
	struct cr_piece_slot *v;
	size_t n, room;
};
/* The key of a place. */
uint64_t cr_piece_place(unsigned int file, uint64_t offset);
bool cr_piece_put(struct cr_piece_map *m, uint64_t key, const struct cr_piece *p, int source);
const struct cr_piece_slot *cr_piece_find(const struct cr_piece_map *m, uint64_t key);
void cr_piece_map_free(struct cr_piece_map *m);
/* Reads a piece; 0, -EBADMSG if it is not what its hash says, or -errno. */
int cr_piece_read(int fd, const struct cr_piece *p, void *buf);
