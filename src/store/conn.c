// SPDX-License-Identifier: Apache-2.0
//
// A connection between two stores, used by one thread, which waits in it: TLS with the cluster's
// trust, or a unix socket. Frames of net/net_frame.h. A peer that says nothing for too long counts
// as gone; others break a connection off by shutdown() of its socket.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pb_decode.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "common/err.h"
#include "common/io.h"
#include "net/net_frame.h"
#include "store/conn.h"
#include "store/internal.h"

#define PAYLOAD_MAX (CR_PIECE_MAX + 64 * 1024)
#define PROVE_MS 5000
/* Of who has come himself: many others may be in the queue before him. */
#define QUEUE_MS 30000

void cr_conn_patience(struct cr_conn *c, unsigned int ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

/* A host that vanishes is noticed also while we only wait. */
static void set_keepalive(int fd)
{
	int on = 1, idle = 5, interval = 3, count = 4;
	unsigned int dead_ms = CR_SILENCE_MS;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int prove(struct cr_conn *c, const struct cr_trust *trust, bool accepted, struct cr_err *err)
{
	int ret;

	c->ssl = cr_trust_ssl(trust);
	if (!c->ssl || !SSL_set_fd(c->ssl, c->fd))
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "TLS");
	ERR_clear_error();
	cr_conn_patience(c, accepted ? PROVE_MS : QUEUE_MS);
	ret = accepted ? SSL_accept(c->ssl) : SSL_connect(c->ssl);
	if (ret == 1 && cr_trust_proved(trust, c->ssl))
		return 0;
	cr_trust_explain(trust, c->ssl, ERR_peek_last_error(), accepted, c->peer, err);
	return -EACCES;
}

int cr_conn_open(struct cr_conn *c, int fd, const struct cr_trust *trust, bool accepted,
		 struct cr_err *err)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof(at);
	int ret = 0;

	memset(c, 0, sizeof(*c));
	c->fd = fd;
	getpeername(fd, (struct sockaddr *)&at, &len);
	if (at.ss_family == AF_UNIX) {
		snprintf(c->peer, sizeof(c->peer), "unix");
	} else {
		cr_address_text((struct sockaddr *)&at, c->peer);
		set_keepalive(fd);
		ret = trust ? prove(c, trust, accepted, err) : -EACCES;
	}
	if (!ret)
		cr_conn_patience(c, CR_SILENCE_MS);
	return ret;
}

void cr_conn_close(struct cr_conn *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	cr_close_fd(&c->fd);
	free(c->room);
	c->room = NULL;
	c->room_size = 0;
	ERR_clear_error();
}

/* What OpenSSL's failure comes down to. */
static int why(struct cr_conn *c, int ret)
{
	int error = SSL_get_error(c->ssl, ret), number = errno;

	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return -ETIMEDOUT;
	return error == SSL_ERROR_SYSCALL && number ? -number : -EPIPE;
}

static int write_all(struct cr_conn *c, const void *data, size_t len)
{
	while (len) {
		ssize_t n;

		if (c->ssl) {
			n = SSL_write(c->ssl, data, len);
			if (n <= 0)
				return why(c, n);
		} else {
			n = send(c->fd, data, len, MSG_NOSIGNAL);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return errno == EAGAIN ? -ETIMEDOUT : -errno;
		}
		data = (const char *)data + n;
		len -= n;
	}
	return 0;
}

static int conn_read_all(struct cr_conn *c, void *data, size_t len)
{
	while (len) {
		ssize_t n;

		if (c->ssl) {
			n = SSL_read(c->ssl, data, len);
			if (n <= 0)
				return why(c, n);
		} else {
			n = recv(c->fd, data, len, 0);
			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return !n ? -EPIPE : errno == EAGAIN ? -ETIMEDOUT : -errno;
		}
		data = (char *)data + n;
		len -= n;
	}
	return 0;
}

int cr_conn_send(struct cr_conn *c, const cairn_StoreMsg *m, const void *payload, size_t len)
{
	unsigned char head[sizeof(struct cr_frame_header) + cairn_StoreMsg_size];
	ssize_t n = cr_frame_encode(head, sizeof(head), cairn_StoreMsg_fields, m, len);
	int ret = n < 0 ? n : write_all(c, head, n);

	if (!ret && len)
		ret = write_all(c, payload, len);
	c->sent += n < 0 ? 0 : n + len;
	return ret;
}

int cr_conn_recv(struct cr_conn *c, cairn_StoreMsg *m, void **payload, size_t *len)
{
	unsigned char buf[cairn_StoreMsg_size];
	struct cr_frame_header head;
	pb_istream_t in;
	int ret = conn_read_all(c, &head, sizeof(head));

	*payload = NULL;
	*len = 0;
	if (ret)
		return ret;
	if (head.message > sizeof(buf) || head.payload > PAYLOAD_MAX)
		return -EPROTO;
	if (head.payload > c->room_size) {
		free(c->room);
		c->room_size = 0;
		/* To copy to a file from another place in a page is far slower on some CPUs. */
		c->room = aligned_alloc(CR_PAGE, CR_PAGE_UP(head.payload));
		if (!c->room)
			return -ENOMEM;
		c->room_size = head.payload;
	}
	ret = conn_read_all(c, buf, head.message);
	if (!ret)
		ret = conn_read_all(c, c->room, head.payload);
	if (ret)
		return ret;
	in = pb_istream_from_buffer(buf, head.message);
	memset(m, 0, sizeof(*m));
	if (!pb_decode(&in, cairn_StoreMsg_fields, m) || !m->which_body)
		return -EPROTO;
	c->received += sizeof(head) + head.message + head.payload;
	*payload = c->room;
	*len = head.payload;
	return 0;
}

bool cr_conn_ready(struct cr_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	return (c->ssl && SSL_has_pending(c->ssl)) || poll(&p, 1, 0) > 0;
}
