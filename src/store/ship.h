// SPDX-License-Identifier: Apache-2.0
//
// An image on its way to another node.
#pragma once

#include "store/internal.h"
#include "store/pieces.h"

struct cr_shipment {
	struct cr_shipment *next;
	struct cr_store *store;
	struct cr_image_key key;
	cairn_Ship to;
	int wake; /* eventfd: one of the following has changed */
	/* Under the store's lock. */
	cr_piece_list told; /* runs that have been written */
	bool cancelled; /* dropped, or not wanted there any more */
	bool gone; /* will never be complete */
	int fd; /* to break it off, -1: not connected */
	/* The thread's own. */
	int64_t moved_ns; /* when the peer last said something */
};

/* All ends; what is on its way of an image (number 0: of the member) ends. */
void cr_ship_free(struct cr_store *s);
void cr_ship_gone(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);

/*
 * From now on that node is to have this image: also one that is being written or will be. number 0:
 * each one of the member from now on. A broken connection is made again and goes on where it was,
 * until the copy is complete, the image is dropped, or nothing has moved for a minute.
 */
void cr_store_ship(struct cr_store *s, const cairn_Ship *ship);
/* Stops what is shipped of this job (member, number; -1 and 0: all) to that node (NULL: all). */
void cr_store_unship(struct cr_store *s, uint64_t job, int64_t member, uint32_t number,
		     const char *node);

/*
 * The payload of Pieces, from a shepherd: an image of this folder is being written, and these runs
 * of it are. What is not told so is sent when it is complete. A payload that is none is ignored.
 */
void cr_store_pieces(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number,
		     const void *payload, size_t len);
/* MEMBER_WRITTEN: it is complete here. Told to holding() as COMPLETE. */
void cr_store_written(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
/* Its writing failed: there will be no such image; who has parts of it throws them away. */
void cr_store_given_up(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
