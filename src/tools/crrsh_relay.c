// SPDX-License-Identifier: Apache-2.0
//
// The streams of a remote command: bytes from descriptors into a link and back. Neither side keeps
// more than a few hundred KiB: who reads stops when the link is full, and the link is not read
// while a descriptor takes nothing. In crrsh, in a job; a descriptor that fails counts as ended.
#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <unistd.h>

#include "common/io.h"
#include "net/link.h"
#include "rsh.pb.h"
#include "tools/crrsh_relay.h"

#define ROOM (256 * 1024)
/* Descriptors may block, as they are shared with others; a pipe takes this much if it takes any. */
#define PIECE 4096

struct event_base *cr_rsh_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config)
		return NULL;
	/* Files and the null device are input too, and epoll knows neither. */
	event_config_avoid_method(config, "epoll");
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static void crrsh_relay_end(struct cr_rsh_stream *s)
{
	struct cr_rsh_relay *r = s->relay;

	if (s->event)
		event_free(s->event);
	s->event = NULL;
	cr_close_fd(&s->fd);
	if (s->queue)
		evbuffer_drain(s->queue, evbuffer_get_length(s->queue));
	cr_link_pause(r->link, false);
	if (r->over)
		r->over(r);
}

static void crrsh_relay_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct cr_rsh_stream *s = arg;
	cairn_Shell m = { .kind = cairn_ShellKind_SHELL_DATA, .stream = s->number };
	char bytes[32 * 1024];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	cr_link_send(s->relay->link, &m, bytes, n > 0 ? n : 0);
	if (n <= 0)
		crrsh_relay_end(s);
	else if (cr_link_backlog(s->relay->link) > ROOM)
		event_del(s->event);
}

static void crrsh_relay_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct cr_rsh_stream *s = arg;
	size_t len = evbuffer_get_length(s->queue);
	int n;

	n = len ? evbuffer_write_atmost(s->queue, fd, PIECE) : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	len = evbuffer_get_length(s->queue);
	if (n < 0 || (!len && s->ending)) {
		cairn_Shell m = { .kind = cairn_ShellKind_SHELL_UNREAD, .stream = s->number };

		if (n < 0)
			cr_link_send(s->relay->link, &m, NULL, 0);
		crrsh_relay_end(s);
		return;
	}
	if (!len)
		event_del(s->event);
	if (len < ROOM / 4)
		cr_link_pause(s->relay->link, false);
}

void cr_rsh_relay_start(struct cr_rsh_relay *r, struct event_base *base, struct cr_link *link)
{
	unsigned int i;

	r->base = base;
	r->link = link;
	for (i = 0; i < 3; i++) {
		r->streams[i].relay = r;
		r->streams[i].number = i;
		r->streams[i].fd = -1;
	}
}

void cr_rsh_relay_from(struct cr_rsh_relay *r, unsigned int number, int fd)
{
	struct cr_rsh_stream *s = &r->streams[number];

	s->fd = fd;
	s->event = event_new(r->base, fd, EV_READ | EV_PERSIST, crrsh_relay_on_readable, s);
	if (s->event)
		event_add(s->event, NULL);
}

void cr_rsh_relay_to(struct cr_rsh_relay *r, unsigned int number, int fd)
{
	struct cr_rsh_stream *s = &r->streams[number];

	s->fd = fd;
	s->queue = evbuffer_new();
	s->event = event_new(r->base, fd, EV_WRITE | EV_PERSIST, crrsh_relay_on_writable, s);
}

void cr_rsh_relay_put(struct cr_rsh_relay *r, unsigned int number, const void *bytes, size_t len)
{
	struct cr_rsh_stream *s = number < 3 ? &r->streams[number] : NULL;

	/* One that nobody reads any more takes what comes, and drops it. */
	if (!s || !s->queue || s->fd < 0 || !s->event || s->ending)
		return;
	if (len)
		evbuffer_add(s->queue, bytes, len);
	else
		s->ending = true;
	event_add(s->event, NULL);
	if (evbuffer_get_length(s->queue) > ROOM)
		cr_link_pause(r->link, true);
}

void cr_rsh_relay_unread(struct cr_rsh_relay *r, unsigned int number)
{
	struct cr_rsh_stream *s = number < 3 ? &r->streams[number] : NULL;

	if (s && s->fd >= 0 && !s->queue)
		crrsh_relay_end(s);
}

void cr_rsh_relay_drained(struct cr_rsh_relay *r)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (r->streams[i].event && !r->streams[i].queue)
			event_add(r->streams[i].event, NULL);
}

bool cr_rsh_relay_empty(const struct cr_rsh_relay *r)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (r->streams[i].queue && r->streams[i].fd >= 0 &&
		    evbuffer_get_length(r->streams[i].queue))
			return false;
	return true;
}
