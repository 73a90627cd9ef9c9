// SPDX-License-Identifier: Apache-2.0
//
// Sockets of any family, as an image has them.
#pragma once

#include "objects/shape/model.h"

/* A socket of any family: 0 and its texts, or -ENOENT. */
struct cr_socket {
	uint32_t id; /* of its description; 0: nobody has one */
	const char *family, *type, *state, *peer_kind;
	uint32_t peer; /* a description of the job, or 0 */
	uint64_t waiting; /* bytes */
	char local[160], remote[160];
};
int cr_socket_of(const struct cr_model *m, uint32_t id, struct cr_socket *out);
/* The i-th of all sockets of the image. */
int cr_socket_at(const struct cr_model *m, size_t i, struct cr_socket *out);
