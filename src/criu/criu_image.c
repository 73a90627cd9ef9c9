// SPDX-License-Identifier: Apache-2.0
//
// The framing of CRIU's image files: two magic numbers, then entries, each behind its length.
#include "criu/criu_image.h"

#include <errno.h>
#include <fcntl.h>
#include <pb_decode.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"

#define CRIU_COMMON 0x54564319u
#define CRIU_SERVICE 0x55105940u
#define HEAD 8

static int criu_image_bad(const char *name, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_DAMAGED, EBADMSG, "CRIU's file %s cannot be read", name);
}

int cr_criu_each(int dir, const char *name, const pb_msgdesc_t *fields, void *msg, size_t size,
		 int (*fn)(void *arg, const void *msg), void *arg, struct cr_err *err)
{
	cr_auto_free char *data = NULL;
	ssize_t len = cr_slurp(dir, name, &data);
	uint32_t head, n;
	ssize_t at;
	int ret = 0;

	if (len == -ENOENT)
		return -ENOENT;
	if (len < HEAD)
		return criu_image_bad(name, err);
	memcpy(&head, data, sizeof(head));
	if (head != CRIU_COMMON && head != CRIU_SERVICE)
		return criu_image_bad(name, err);
	for (at = HEAD; at < len && !ret; at += n) {
		pb_istream_t in;

		if (len - at < (ssize_t)sizeof(n))
			return criu_image_bad(name, err);
		memcpy(&n, data + at, sizeof(n));
		at += sizeof(n);
		if (n > len - at)
			return criu_image_bad(name, err);
		in = pb_istream_from_buffer((pb_byte_t *)data + at, n);
		memset(msg, 0, size);
		if (!pb_decode(&in, fields, msg))
			return criu_image_bad(name, err);
		ret = fn(arg, msg);
	}
	return ret;
}
