// SPDX-License-Identifier: Apache-2.0
//
// The node's images, between the messages and the store.
#pragma once

#include "node/node.h"

/* Where images come in: --image-listen. */
int cr_images_address(struct cr_node *n, struct sockaddr_storage *at, socklen_t *len,
		      struct cr_err *err);
/* holding() is told of each image that the store has, and of each change. */
int cr_images_init(struct cr_node *n, void (*holding)(const cairn_Holding *h, void *arg),
		   struct cr_err *err);
/* Bytes of the store that there are, and that are free. */
void cr_images_room(struct cr_node *n);
/* A member's folder, made if need be; of CR_PATH_MAX bytes. */
int cr_images_folder(const struct cr_node_member *m, char *out, struct cr_err *err);
void cr_images_free(struct cr_node *n);
void cr_images_report(struct cr_node *n);
void cr_images_pieces(struct cr_node_member *m, const cairn_Pieces *p, const void *payload,
		      size_t len);
void cr_images_written(struct cr_node_member *m, unsigned int number);
/* The one that it was writing comes to nothing. */
void cr_images_given_up(struct cr_node_member *m);
void cr_images_ship(struct cr_node *n, const cairn_Ship *s);
void cr_images_drop(struct cr_node *n, const cairn_Drop *d);
