// SPDX-License-Identifier: Apache-2.0
//
// How a message and its payload stand on a stream: a header of two lengths (little endian), the
// message in protobuf's format, the payload. For those without an event loop also whole exchanges,
// which block; a shepherd talks to its node's daemon so.
#pragma once

#include <pb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cr_frame_header {
	uint32_t message;
	uint32_t payload;
};

/* Whether the lengths are what a peer may send: asked before anything is allocated. */
bool cr_frame_fits(const struct cr_frame_header *head);
/* Header and message into room, for a payload of that length: their length, or -EMSGSIZE. */
ssize_t cr_frame_encode(void *room, size_t size, const pb_msgdesc_t *type, const void *msg,
			size_t payload);

/* Milliseconds may pass, -1: as long as it takes. 0 or -errno (-ETIMEDOUT, -EPIPE). */
int cr_frame_send(int fd, const pb_msgdesc_t *type, const void *msg, const void *payload,
		  size_t len, int timeout_ms);
/*
 * payload is malloced (NULL for none). 1: a message; 0: the end; or -errno: -EPROTO when it is none
 * of this type, too large or stopped in the middle for 10 s, -EPIPE when it ended there, -ETIMEDOUT
 * when nothing has begun to come. timeout_ms 0: only if something is there. After any other error
 * than -ETIMEDOUT the socket is of no more use.
 */
int cr_frame_recv(int fd, const pb_msgdesc_t *type, void *msg, void **payload, size_t *len,
		  int timeout_ms);
