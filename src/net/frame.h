// SPDX-License-Identifier: Apache-2.0
//
// How a message and its payload stand on a stream: a header of two lengths (little endian), the
// message in protobuf's format, the payload. For those without an event loop also whole exchanges,
// which block; a shepherd talks to its node's daemon so.
#pragma once

#include <pb.h>
#include <stddef.h>
#include <stdint.h>

struct cr_frame_header {
	uint32_t message;
	uint32_t payload;
};

/* Milliseconds may pass, -1: as long as it takes. 0 or -errno (-ETIMEDOUT, -EPIPE). */
int cr_frame_send(int fd, const pb_msgdesc_t *type, const void *msg, const void *payload,
		  size_t len, int timeout_ms);
/*
 * payload is malloced (NULL for none). 1: a message; 0: the end; or -errno: -EPROTO when it is none
 * of this type or too large, -ETIMEDOUT when nothing has begun to come. timeout_ms 0: only if
 * something is there.
 */
int cr_frame_recv(int fd, const pb_msgdesc_t *type, void *msg, void **payload, size_t *len,
		  int timeout_ms);
