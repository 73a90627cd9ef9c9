// SPDX-License-Identifier: Apache-2.0
//
// Connections to the outside that live on (--tcp=repair): the kernel lets whoever administrates the
// network read a connection's numbers and queues, and make it again elsewhere without a packet.
// A checkpoint that ends the job leaves them in this mode, in which closing says nothing either;
// from then until the restart somebody has to keep the peer's packets away from a host that knows
// nothing of the connection (a firewall rule), or the peer must be silent but for acknowledgements.
// Runs in the shepherd. Only established ones; those that are being closed are reset as ever.
#include "objects/inet/tcp_repair.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/tcp_queue.h"
#include "objects/inet/tcp_time_wait.h"

#define DELAYED_MS 250 /* after which an acknowledgement is not only delayed */

enum { OPTION_MSS = 2, OPTION_WINDOW = 3, OPTION_SACK = 4, OPTION_TIMESTAMP = 8 };

static uint32_t sequence(int fd, int queue)
{
	cr_socket_set(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	return cr_socket_get(fd, IPPROTO_TCP, TCP_QUEUE_SEQ);
}

static int tcp_repair_forbidden(struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_PERMISSION, EPERM,
		       "--tcp=repair needs CAP_NET_ADMIN over the network: do it as root, or with "
		       "--tcp=reset");
}

void cr_tcp_repair_end(int fd, int reuse)
{
	/* Without a probe to the peer; it takes SO_REUSEADDR with it. */
	cr_socket_set(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
	cr_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
}

static int tcp_repair_save_queue(struct cr_save *s, struct cr_inet *k, size_t len,
				 struct cr_err *err)
{
	cr_auto_free char *data = malloc(len + 1);
	ssize_t n;

	if (!data)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a TCP connection");
	n = recv(k->fd, data, len, MSG_PEEK | MSG_DONTWAIT);
	if (n != (ssize_t)len)
		return cr_fail(err, CR_EXIT_INTERNAL, n < 0 ? errno : 0,
			       "cannot read what process %d has sent (fd %d)", k->pid, k->number);
	k->m.repair.has_queue = true;
	return cr_image_blob(s->writer, data, len, &k->m.repair.queue, err);
}

/*
 * What the job has sent a moment ago the peer has still to acknowledge, and may take its time for
 * that: it would be reset for it, once nobody is here. What comes late is seen by the clock of the
 * connection, so all of them together take no longer than one.
 */
static void await_acknowledgement(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	int queued = 0;

	while (!ioctl(fd, SIOCOUTQ, &queued) && queued &&
	       !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       info.tcpi_last_data_sent < DELAYED_MS)
		usleep(1000);
}

int cr_tcp_repair_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err)
{
	cairn_TcpRepair *m = &k->m.repair;
	struct tcp_repair_window window;
	socklen_t len = sizeof(window);
	int queued = 0, unread = 0, ret = 0;

	if (!s->writer || k->m.state != CR_TCP_ESTABLISHED)
		return 0;
	if (s->stopping)
		await_acknowledgement(k->fd);
	/* What the peer has sent is acknowledged now: he would send it again, and be reset. */
	cr_tcp_acknowledge(k->fd);
	if (cr_socket_set(k->fd, IPPROTO_TCP, TCP_REPAIR, 1))
		return tcp_repair_forbidden(err);
	k->m.has_repair = true;
	m->recv_seq = sequence(k->fd, TCP_RECV_QUEUE);
	ioctl(k->fd, SIOCINQ, &unread);
	m->recv_seq -= k->m.has_content ? k->m.content.size : 0;
	m->mss = cr_socket_get(k->fd, IPPROTO_TCP, TCP_MAXSEG);
	m->timestamp = cr_socket_get(k->fd, IPPROTO_TCP, TCP_TIMESTAMP);
	m->send_scale = k->info.tcpi_snd_wscale;
	m->recv_scale = k->info.tcpi_rcv_wscale;
	m->options = k->info.tcpi_options;
	if (!getsockopt(k->fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, &len)) {
		m->window.size = sizeof(window);
		memcpy(m->window.bytes, &window, sizeof(window));
	}
	m->send_seq = sequence(k->fd, TCP_SEND_QUEUE);
	ioctl(k->fd, SIOCOUTQ, &queued);
	m->send_seq -= queued;
	if (queued)
		ret = tcp_repair_save_queue(s, k, queued, err);
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
	if (!ret && (size_t)unread != (k->m.has_content ? k->m.content.size : 0))
		ret = cr_fail(err, CR_EXIT_UNSUPPORTED, EAGAIN,
			      "data came in for process %d (fd %d) during the checkpoint: keep "
			      "the peer's packets away before one with --tcp=repair",
			      k->pid, k->number);
	return ret;
}

/* ---- restart ---- */

static int tcp_repair_put_queue(struct cr_restore *r, int fd, int queue, bool has,
				const cairn_Blob *blob, struct cr_err *err)
{
	cr_auto_free char *data = NULL;
	size_t at = 0;
	int ret = has ? cr_image_read_blob(r->img, blob, (void **)&data, err) : 0;

	if (ret || !has)
		return ret;
	cr_socket_set(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	cr_inet_grow(fd, queue == TCP_SEND_QUEUE ? SO_SNDBUF : SO_RCVBUF, blob->size * 2);
	while (at < blob->size) {
		size_t piece = blob->size - at < 16384 ? blob->size - at : 16384;
		ssize_t n = send(fd, data + at, piece, MSG_NOSIGNAL);

		if (n <= 0)
			return cr_fail(err, CR_EXIT_INTERNAL, errno,
				       "cannot fill a TCP connection again");
		at += n;
	}
	return 0;
}

static void put_options(int fd, const cairn_TcpRepair *m)
{
	struct tcp_repair_opt o[4];
	int n = 0;

	o[n++] = (struct tcp_repair_opt){ OPTION_MSS, m->mss };
	if (m->options & TCPI_OPT_WSCALE)
		o[n++] = (struct tcp_repair_opt){ OPTION_WINDOW,
						  m->send_scale | m->recv_scale << 16 };
	if (m->options & TCPI_OPT_SACK)
		o[n++] = (struct tcp_repair_opt){ OPTION_SACK, 0 };
	if (m->options & TCPI_OPT_TIMESTAMPS)
		o[n++] = (struct tcp_repair_opt){ OPTION_TIMESTAMP, 0 };
	setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, o, n * sizeof(*o));
}

int cr_tcp_repair_restore(struct cr_restore *r, struct cr_inet_new *k, struct cr_err *err)
{
	const cairn_TcpRepair *m = &k->m->repair;
	char a[CR_INET_TEXT], b[CR_INET_TEXT];
	int ret;

	if (cr_socket_set(k->fd, IPPROTO_TCP, TCP_REPAIR, 1))
		return tcp_repair_forbidden(err);
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE);
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_QUEUE_SEQ, m->send_seq);
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_RECV_QUEUE);
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_QUEUE_SEQ, m->recv_seq);
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_TIMESTAMP, m->timestamp);
	ret = cr_tcp_bind(k->fd, &k->local, err);
	if (ret)
		return ret;
	if (connect(k->fd, &k->remote.any, cr_inet_len(&k->remote)))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot take up the connection of %s with %s again",
			       cr_inet_text(&k->local, a), cr_inet_text(&k->remote, b));
	put_options(k->fd, m);
	ret = tcp_repair_put_queue(r, k->fd, TCP_RECV_QUEUE, k->m->has_content, &k->m->content,
				   err);
	if (!ret)
		ret = tcp_repair_put_queue(r, k->fd, TCP_SEND_QUEUE, m->has_queue, &m->queue, err);
	if (ret)
		return ret;
	if (m->window.size)
		setsockopt(k->fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, m->window.bytes, m->window.size);
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
	/* From here on it speaks: it asks the peer for its window. SO_REUSEADDR ends, too. */
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF);
	cr_socket_set(k->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return 0;
}
