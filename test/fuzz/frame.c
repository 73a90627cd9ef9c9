// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what reads frames, a link and the blocking reader: whatever comes, cut anywhere, must end
// in messages or in an error. An abort, a sanitizer's finding or a leak is a bug. The first byte of
// an input says in what pieces the rest comes.
#include <errno.h>
#include <pb_encode.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cluster.pb.h"
#include "common/err.h"
#include "fuzz.h"
#include "net/net_frame.h"
#include "net/link.h"

#define MOST 65536

static struct event_base *base;
static struct cr_link *link_;
static unsigned int messages;

/* All of it is looked at, as who uses it would. */
static void look(const void *msg, const void *payload, size_t len)
{
	static unsigned char room[CR_LINK_MESSAGE_MAX * 2];
	pb_ostream_t out = pb_ostream_from_buffer(room, sizeof(room));
	volatile unsigned char sum = 0;
	size_t i;

	if (!pb_encode(&out, cairn_ClusterMsg_fields, msg))
		abort();
	for (i = 0; i < len; i++)
		sum += ((const unsigned char *)payload)[i];
}

static void on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
		       void *arg)
{
	look(msg, payload, len);
	/* Some are stopped or ended in here. */
	if (++messages % 7 == 3)
		cr_link_pause(l, true);
	if (messages % 11 == 5) {
		cr_link_close(l);
		link_ = NULL;
	}
}

static void on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	if (!why->status || !*why->text)
		abort();
	link_ = NULL;
}

static const struct cr_link_handler handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.message = on_message,
	.down = on_down,
};

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
	if (link_)
		cr_link_pause(link_, false);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void by_link(const uint8_t *data, size_t size, size_t piece)
{
	int pair[2], turns = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		abort();
	messages = 0;
	link_ = cr_link_adopt(base, pair[0], &handler, NULL);
	while (size && link_) {
		size_t n = size < piece ? size : piece;

		if (send(pair[1], data, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n)
			break;
		data += n;
		size -= n;
		turn();
	}
	close(pair[1]);
	while (link_ && turns++ < 100000)
		turn();
	if (link_)
		abort();
	/* One that was closed in a callback waits for its other end. */
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void by_recv(const uint8_t *data, size_t size)
{
	static cairn_ClusterMsg m;
	void *payload;
	size_t len;
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		abort();
	if (send(pair[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size && size)
		abort();
	close(pair[1]);
	while ((ret = cr_frame_recv(pair[0], cairn_ClusterMsg_fields, &m, &payload, &len, 0)) > 0) {
		look(&m, payload, len);
		free(payload);
	}
	if (ret == -ETIMEDOUT)
		abort();
	close(pair[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { MOST, 1, 7, 8, 9, 64, 1000, 4096 };

	if (!base)
		base = event_base_new();
	if (!size || size > MOST)
		return 0;
	/* A byte at a time is slow: only for what is short. */
	by_link(data + 1, size - 1, size > 2000 ? MOST : pieces[data[0] % 8]);
	by_recv(data + 1, size - 1);
	return 0;
}
