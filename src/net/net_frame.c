// SPDX-License-Identifier: Apache-2.0
//
// Whole messages over a socket, without an event loop: of a shepherd and of commands, with their
// node's daemon. A peer that stops in the middle of a message is given up, since nothing after
// it could be read any more; so is the socket after any failure.
#include "net/net_frame.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/io.h"
#include "net/link.h"

/* For how long the rest of a message may fail to come, in milliseconds. */
#define REST_MS 10000

struct deadline {
	int64_t at; /* CLOCK_BOOTTIME, or -1: none */
};

static struct deadline deadline_in(int ms)
{
	return (struct deadline){ ms < 0 ? -1 : cr_now_ns(CLOCK_BOOTTIME) + ms * 1000000ll };
}

/* 0 when the socket is ready (or broken: the next call tells), -ETIMEDOUT, -errno. */
static int net_frame_wait_for(int fd, short events, struct deadline d)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = d.at < 0 ? -1 : d.at - cr_now_ns(CLOCK_BOOTTIME);
		int n, ms = d.at < 0 ? -1 : 0;

		if (left > 0)
			ms = left / 1000000 < INT_MAX ? (left + 999999) / 1000000 : INT_MAX;
		n = poll(&p, 1, ms);
		if (n > 0)
			return 0;
		if (!n)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int net_frame_send_all(int fd, struct iovec *iov, int n, struct deadline d)
{
	while (n) {
		struct msghdr hdr = { .msg_iov = iov, .msg_iovlen = n };
		ssize_t sent = sendmsg(fd, &hdr, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EAGAIN) {
			int ret = net_frame_wait_for(fd, POLLOUT, d);

			if (ret)
				return ret;
			continue;
		}
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		for (; n && (size_t)sent >= iov->iov_len; n--, iov++)
			sent -= iov->iov_len;
		if (n) {
			iov->iov_base = (char *)iov->iov_base + sent;
			iov->iov_len -= sent;
		}
	}
	return 0;
}

int cr_frame_send(int fd, const pb_msgdesc_t *type, const void *msg, const void *payload,
		  size_t len, int timeout_ms)
{
	unsigned char room[sizeof(struct cr_frame_header) + CR_LINK_MESSAGE_MAX];
	struct iovec iov[2];
	ssize_t n = cr_frame_encode(room, sizeof(room), type, msg, len);

	if (n < 0)
		return n;
	iov[0] = (struct iovec){ room, n };
	iov[1] = (struct iovec){ (void *)payload, len };
	return net_frame_send_all(fd, iov, len ? 2 : 1, deadline_in(timeout_ms));
}

/* 1: all of it; 0: the end came at once; -EPIPE: the end came in the middle; or -errno. */
static int recv_all(int fd, void *buf, size_t len, struct deadline d)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = recv(fd, (char *)buf + have, len - have, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN) {
			int ret = net_frame_wait_for(fd, POLLIN, d);

			if (ret)
				return ret;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ECONNRESET)
			return -errno;
		if (n <= 0)
			return have ? -EPIPE : 0;
		have += n;
		d = deadline_in(REST_MS);
	}
	return 1;
}

/* The rest of a message that has begun. */
static int recv_rest(int fd, void *buf, size_t len)
{
	int ret = recv_all(fd, buf, len, deadline_in(REST_MS));

	return ret == -ETIMEDOUT ? -EPROTO : ret ? ret : -EPIPE;
}

int cr_frame_recv(int fd, const pb_msgdesc_t *type, void *msg, void **payload, size_t *len,
		  int timeout_ms)
{
	unsigned char room[CR_LINK_MESSAGE_MAX];
	struct cr_frame_header head;
	pb_istream_t in;
	int ret;

	*payload = NULL;
	*len = 0;
	/* One byte first: until it is there a timeout leaves the socket as it was. */
	ret = recv_all(fd, &head, 1, deadline_in(timeout_ms));
	if (ret <= 0)
		return ret;
	ret = recv_rest(fd, (char *)&head + 1, sizeof(head) - 1);
	if (ret < 0)
		return ret;
	if (!cr_frame_fits(&head))
		return -EPROTO;
	if (head.message) {
		ret = recv_rest(fd, room, head.message);
		if (ret < 0)
			return ret;
	}
	if (head.payload) {
		cr_auto_free void *data = malloc(head.payload);

		if (!data)
			return -ENOMEM;
		ret = recv_rest(fd, data, head.payload);
		if (ret < 0)
			return ret;
		*payload = data;
		*len = head.payload;
		data = NULL;
	}
	in = pb_istream_from_buffer(room, head.message);
	if (pb_decode(&in, type, msg))
		return 1;
	free(*payload);
	*payload = NULL;
	*len = 0;
	return -EPROTO;
}

bool cr_frame_fits(const struct cr_frame_header *head)
{
	return head->message <= CR_LINK_MESSAGE_MAX && head->payload <= CR_LINK_PAYLOAD_MAX;
}

ssize_t cr_frame_encode(void *room, size_t size, const pb_msgdesc_t *type, const void *msg,
			size_t payload)
{
	struct cr_frame_header head = { .payload = payload };
	pb_ostream_t out =
		pb_ostream_from_buffer((pb_byte_t *)room + sizeof(head), size - sizeof(head));

	if (payload > CR_LINK_PAYLOAD_MAX || !pb_encode(&out, type, msg))
		return -EMSGSIZE;
	head.message = out.bytes_written;
	memcpy(room, &head, sizeof(head));
	return sizeof(head) + head.message;
}
