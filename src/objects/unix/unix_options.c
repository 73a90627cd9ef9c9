// SPDX-License-Identifier: Apache-2.0
//
// Options of unix sockets: read one by one, kept where they differ from a new socket's, set again.
// Those that mean something here, and those that programs set on any socket. One that the kernel
// does not know is one that nobody has set. The sizes of buffers come with the table of all.
#include "objects/unix/unix_options.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "objects/core/socket.h"
#include "objects/unix/unix.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_INQ
#define SO_INQ 84
#endif

static const struct cr_option options[] = {
	{ SOL_SOCKET, SO_SNDTIMEO, 16, 0 },   { SOL_SOCKET, SO_RCVTIMEO, 16, 0 },
	{ SOL_SOCKET, SO_LINGER, 8, 0 },      { SOL_SOCKET, SO_RCVLOWAT, 4, 0 },
	{ SOL_SOCKET, SO_PEEK_OFF, 4, 0 },    { SOL_SOCKET, SO_PASSCRED, 4, 0 },
	{ SOL_SOCKET, SO_PASSSEC, 4, 0 },     { SOL_SOCKET, SO_PASSPIDFD, 4, 0 },
	{ SOL_SOCKET, SO_PASSRIGHTS, 4, 0 },  { SOL_SOCKET, SO_INQ, 4, 0 },
	{ SOL_SOCKET, SO_OOBINLINE, 4, 0 },   { SOL_SOCKET, SO_KEEPALIVE, 4, 0 },
	{ SOL_SOCKET, SO_BROADCAST, 4, 0 },   { SOL_SOCKET, SO_REUSEADDR, 4, 0 },
	{ SOL_SOCKET, SO_PRIORITY, 4, 0 },    { SOL_SOCKET, SO_TIMESTAMP, 4, 0 },
	{ SOL_SOCKET, SO_TIMESTAMPNS, 4, 0 },
};

_Static_assert(CR_ARRAY_SIZE(options) + 2 <= CR_ARRAY_SIZE(((cairn_UnixSocket *)0)->options),
	       "the image has room for all");

static const int buffers[] = { SO_SNDBUF, SO_RCVBUF };

int unix_defaults_read(struct unix_defaults *d)
{
	cr_auto_fd fresh = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t i;

	if (fresh < 0)
		return -errno;
	cr_option_defaults(fresh, options, CR_ARRAY_SIZE(options), &d->options);
	for (i = 0; i < CR_ARRAY_SIZE(buffers); i++)
		d->buffer[i] = cr_socket_get(fresh, SOL_SOCKET, buffers[i]);
	return 0;
}

void unix_options_save(const struct unix_defaults *d, struct unix_socket *u)
{
	const size_t most = CR_ARRAY_SIZE(u->m.options);
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(buffers); i++)
		if (u->entry->buffer[i] != d->buffer[i])
			cr_option_add(u->m.options, &u->m.options_count, most, SOL_SOCKET,
				      buffers[i], &u->entry->buffer[i], sizeof(int));
	for (i = 0; i < CR_ARRAY_SIZE(options); i++)
		cr_option_read(u->fd, &options[i], &d->options, i, u->m.options,
			       &u->m.options_count, most);
}

void unix_options_restore(int fd, const cairn_UnixSocket *m)
{
	pb_size_t i;

	for (i = 0; i < m->options_count; i++)
		if (m->options[i].name == SO_SNDBUF || m->options[i].name == SO_RCVBUF)
			cr_socket_buffer(fd, m->options[i].name,
					 *(const int *)m->options[i].value.bytes);
		else
			cr_option_restore(fd, &m->options[i]);
}

/* Of what may come in; those of streams are never asked. */
int unix_filter_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err)
{
	char which[24];

	snprintf(which, sizeof(which), "inode %u", u->inode);
	return u->m.type == SOCK_STREAM ?
		       0 :
		       cr_filter_save(s, u->fd, u->pid, which, &u->m.has_filter, &u->m.filter, err);
}
