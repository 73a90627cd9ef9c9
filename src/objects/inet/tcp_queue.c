// SPDX-License-Identifier: Apache-2.0
//
// The queues of TCP connections of a stopped job. Data that the sender still holds cannot be read
// there; it is made to move into the receiver's queue, where it can be looked at without being
// taken: its window is opened for a moment. Runs in the shepherd.
#include "objects/inet/tcp_queue.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "common/gather.h"
#include "common/image_write.h"
#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/tcp_diag.h"

#define BUF_LOCK 72 /* SO_BUF_LOCK */
#define SOCK_RCVBUF_LOCK 2
#define MOVE_SOON_NS 200000000ll
#define MOVE_NS 2000000000ll
#define MOVE_FAR_NS 10000000000ll /* a network may lose something */

bool cr_tcp_has_listener(struct cr_inet **all, size_t n, const union cr_inet_name *at)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i]->m.protocol == IPPROTO_TCP && all[i]->m.state == CR_TCP_LISTEN &&
		    cr_inet_overlap(&all[i]->local, at))
			return true;
	return false;
}

/*
 * A listener with a full queue may have answered by a SYN cookie and forgotten, or have given up
 * waiting for room: the client is connected, and nothing stands for its other end until something
 * of it comes while there is room. Of what it has sent only the SYN was acknowledged.
 */
bool cr_tcp_is_forgotten(const struct cr_inet *k)
{
	return (k->m.state == CR_TCP_ESTABLISHED || k->m.state == CR_TCP_FIN_WAIT1) &&
	       !k->info.tcpi_bytes_received && k->info.tcpi_bytes_acked <= 1;
}

void cr_tcp_read_info(struct cr_inet *k)
{
	socklen_t len = sizeof(k->info);

	if (!getsockopt(k->fd, IPPROTO_TCP, TCP_INFO, &k->info, &len))
		k->m.state = k->info.tcpi_state;
}

bool cr_tcp_has_fin(int state)
{
	return state != CR_TCP_ESTABLISHED && state != CR_TCP_FIN_WAIT1 &&
	       state != CR_TCP_FIN_WAIT2;
}

bool cr_tcp_sent_fin(int state)
{
	return state == CR_TCP_FIN_WAIT1 || state == CR_TCP_FIN_WAIT2 || state == CR_TCP_CLOSING ||
	       state == CR_TCP_TIME_WAIT || state == CR_TCP_LAST_ACK || state == CR_TCP_CLOSE;
}

static bool arrived(const struct cr_inet *from, const struct cr_inet *to)
{
	if (to->elsewhere.is)
		return to->info.tcpi_bytes_received >= to->elsewhere.sent &&
		       (!to->elsewhere.fin || cr_tcp_has_fin(to->m.state));
	/* The sender is gone: its FIN comes behind everything else. */
	if (!from)
		return cr_tcp_has_fin(to->m.state);
	return !from->info.tcpi_notsent_bytes &&
	       from->info.tcpi_bytes_sent - from->info.tcpi_bytes_retrans <=
		       to->info.tcpi_bytes_received;
}

static bool arrived_now(struct cr_inet *from, struct cr_inet *to)
{
	if (from)
		cr_tcp_read_info(from);
	cr_tcp_read_info(to);
	return arrived(from, to);
}

void cr_tcp_acknowledge(int fd)
{
	int quick = cr_socket_get(fd, IPPROTO_TCP, TCP_QUICKACK);

	cr_socket_set(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	cr_socket_set(fd, IPPROTO_TCP, TCP_QUICKACK, quick);
}

void cr_tcp_tell_window(int fd)
{
	char byte;

	cr_tcp_acknowledge(fd);
	recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

static bool wait_arrival(struct cr_inet *from, struct cr_inet *to, int64_t ns, struct cr_err *err)
{
	struct cr_gather *g = to->elsewhere.gather;
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + ns;
	struct timespec nap = { 0, 20000 };

	while (!arrived_now(from, to)) {
		if (cr_now_ns(CLOCK_MONOTONIC) > end || (g && g->check && g->check(g, err)))
			return false;
		cr_tcp_tell_window(to->fd);
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < 1000000)
			nap.tv_nsec *= 2;
	}
	return true;
}

void cr_tcp_room(int fd, size_t bytes)
{
	if (bytes > INT32_MAX / 4)
		bytes = INT32_MAX / 4;
	cr_tcp_grow(fd, bytes * 2);
	cr_inet_grow(fd, SO_RCVBUF, bytes);
}

/*
 * Room for len more. What the application set by itself is put back by the caller; a buffer that
 * grows by itself may also grow so.
 */
void cr_tcp_open_window(int fd, size_t len)
{
	uint32_t memory[9] = { 0 };
	socklen_t size = sizeof(memory);
	size_t used = cr_socket_get(fd, SOL_SOCKET, SO_RCVBUF), want;

	/* An earlier checkpoint may have put more there than it has room for. */
	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size);
	if (memory[0] > used)
		used = memory[0];
	/* A window is opened only if it is worth a part of the whole. */
	want = used + used / 8 + len * 2 + 32768;
	if (want > INT32_MAX / 2)
		want = INT32_MAX / 2;
	cr_tcp_grow(fd, want);
	cr_inet_grow(fd, SO_RCVBUF, want / 2);
}

void cr_tcp_push(const struct cr_inet *k)
{
	int nodelay = cr_socket_get(k->fd, IPPROTO_TCP, TCP_NODELAY);

	/* What Nagle, TCP_CORK or MSG_MORE hold back. */
	cr_socket_set(k->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (!nodelay)
		cr_socket_set(k->fd, IPPROTO_TCP, TCP_NODELAY, 0);
}

/* What another member has sent and is not here yet. */
static size_t left(const struct cr_inet *to)
{
	return to->elsewhere.is && to->elsewhere.sent > to->info.tcpi_bytes_received ?
		       to->elsewhere.sent - to->info.tcpi_bytes_received :
		       0;
}

int cr_tcp_move(struct cr_inet *from, struct cr_inet *to, struct cr_err *err)
{
	size_t missing = 1 << 22;
	int size, lock;
	bool done;

	if (arrived(from, to))
		return 0;
	to->m.unsent = from ? from->info.tcpi_notsent_bytes : to->elsewhere.unsent;
	if (from)
		cr_tcp_push(from);
	cr_tcp_tell_window(to->fd);
	if (arrived_now(from, to))
		return 0;
	size = cr_socket_get(to->fd, SOL_SOCKET, SO_RCVBUF);
	lock = cr_socket_get(to->fd, SOL_SOCKET, BUF_LOCK);
	if (from)
		missing = from->info.tcpi_notsent_bytes;
	else if (to->elsewhere.is)
		missing = left(to);
	cr_tcp_open_window(to->fd, missing);
	done = wait_arrival(from, to, MOVE_SOON_NS, err);
	/* Small pieces take more. A window that is open wider than needed stays so, and a program
	 * that goes on sending fills it: what the next checkpoint finds is more each time. */
	if (!done) {
		cr_tcp_grow(to->fd, INT32_MAX / 2);
		done = wait_arrival(from, to, from ? MOVE_NS : MOVE_FAR_NS, err);
	}
	if (lock & SOCK_RCVBUF_LOCK)
		cr_socket_set(to->fd, SOL_SOCKET, SO_RCVBUF, size / 2);
	cr_socket_set(to->fd, SOL_SOCKET, BUF_LOCK, lock);
	if (done)
		return 0;
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "more has been sent on a TCP connection to process %d (fd %d) than can be "
		       "taken in unread: %zu bytes are left (raise net.core.rmem_max, or try again "
		       "when it has read); the job goes on",
		       to->pid, to->number, from ? from->info.tcpi_notsent_bytes : left(to));
}

static ssize_t peek(int fd, char *buf, size_t len)
{
	ssize_t n;

	do
		n = recv(fd, buf, len, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n;
}

static void read_urgent(struct cr_inet *k, bool inlined)
{
	unsigned char byte;

	if (inlined) {
		k->m.urgent = k->m.events & POLLPRI;
		return;
	}
	k->m.urgent = true;
	if (recv(k->fd, &byte, 1, MSG_OOB | MSG_PEEK | MSG_DONTWAIT) == 1)
		k->m.urgent_byte = byte;
	else
		k->m.urgent_read = true;
}

/*
 * Before Linux 6.9 one cannot look behind an urgent byte, as long as something is before it. How
 * much there is in all, tells sock_diag. The byte itself, if it is read in line, can be had.
 */
static int look_behind(struct cr_inet *k, char *data, size_t *len, bool inlined)
{
	int old = cr_socket_get(k->fd, SOL_SOCKET, SO_OOBINLINE);
	/* A FIN counts as a byte; it may have come since the job's ends were first looked at. */
	size_t known = *len + (k->m.urgent && !inlined) + cr_tcp_has_fin(k->m.state);
	struct cr_tcp_seen seen;
	ssize_t n = 0;

	if (!cr_tcp_look(&k->local, &k->remote, &seen) || seen.unread <= known)
		return 0;
	if (k->m.urgent && inlined && seen.unread == known + 1) {
		cr_socket_set(k->fd, SOL_SOCKET, SO_OOBINLINE, 0);
		n = recv(k->fd, data + *len, 1, MSG_OOB | MSG_PEEK | MSG_DONTWAIT);
		cr_socket_set(k->fd, SOL_SOCKET, SO_OOBINLINE, old);
		*len += n == 1;
	}
	return n == 1 ? 0 : -EOPNOTSUPP;
}

/*
 * All that is unread, in pieces: one ends before an urgent byte, the next begins behind it. An
 * error that is waiting must not be taken, so nobody reads on to the end where there is one.
 */
int cr_tcp_read_queue(struct cr_inet *k, char **data, size_t *len)
{
	int queued = 0, mark = 0, old = cr_inet_option(&k->m, SOL_SOCKET, SO_PEEK_OFF, -1);
	bool inlined = cr_inet_option(&k->m, SOL_SOCKET, SO_OOBINLINE, 0), offset, full = true;
	size_t room;
	ssize_t n;

	ioctl(k->fd, SIOCINQ, &queued);
	ioctl(k->fd, SIOCATMARK, &mark);
	room = queued + (k->m.events & POLLERR ? 0 : 1 << 16);
	*data = malloc(room + 1);
	if (!*data)
		return -ENOMEM;
	/* Not for TCP before Linux 6.9: then a mark in the middle hides what is behind it. */
	offset = !cr_socket_set(k->fd, SOL_SOCKET, SO_PEEK_OFF, 0);
	while (*len < room) {
		n = peek(k->fd, *data + *len, room - *len);
		if (n <= 0)
			break;
		if (!full) {
			mark = true;
			k->m.urgent_at = *len;
		}
		*len += n;
		full = *len == room;
		if (!offset || k->m.events & POLLERR)
			break;
		if (full) {
			char *more = realloc(*data, room *= 2);

			if (!more)
				return -ENOMEM;
			*data = more;
		}
		/* The place of an urgent byte counts, though it is not read. */
		cr_socket_set(k->fd, SOL_SOCKET, SO_PEEK_OFF, *len + (mark && !inlined));
	}
	if (offset)
		cr_socket_set(k->fd, SOL_SOCKET, SO_PEEK_OFF, old);
	if (!mark && k->m.events & POLLPRI) {
		mark = true;
		k->m.urgent_at = *len;
	}
	if (mark)
		read_urgent(k, inlined);
	return offset || k->m.events & POLLERR ? 0 : look_behind(k, *data, len, inlined);
}

int cr_tcp_save_queue(struct cr_save *s, struct cr_inet *k, struct cr_err *err)
{
	cr_auto_free char *data = NULL;
	size_t len = 0;
	int ret = cr_tcp_read_queue(k, &data, &len);

	if (ret == -EOPNOTSUPP)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has not read what came before an urgent byte on TCP "
			       "socket %d, and this kernel, older than 6.9, lets nobody see what "
			       "is behind it; the job goes on (try again when it has read)",
			       k->pid, k->number);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret, "saving a TCP connection");
	if (!len || !s->writer)
		return 0;
	k->m.has_content = true;
	return cr_image_blob(s->writer, data, len, &k->m.content, err);
}
