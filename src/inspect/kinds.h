// SPDX-License-Identifier: Apache-2.0
//
// What a descriptor leads to, in words: a row for each kind.
#pragma once

#include "common/defs.h"
#include "image.pb.h"

struct cr_model;

#define CR_DESCRIBE_MAX (CR_PATH_MAX + 1024)

/* One line about it, with what waits in it; not who holds it. */
void cr_describe(const struct cr_model *m, const cairn_Description *d, char out[CR_DESCRIBE_MAX]);

/* The name of its kind, one word. */
const char *cr_kind_name(const cairn_Description *d);

/* "r", "w", "rw", "path": how it was opened. */
const char *cr_access_name(const cairn_Description *d);

const char *cr_policy_name(cairn_FilePolicy policy);

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
