// SPDX-License-Identifier: Apache-2.0
//
// Options of SOL_SOCKET, for sockets of every family: read one by one, kept where they differ from
// a new socket's, set again. Nothing here fails: an option that cannot be had is one the kernel
// does not know.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "objects/socket.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_INQ
#define SO_INQ 84
#endif

static const struct {
	int name;
	socklen_t size;
	int force; /* with the privilege, beyond the limits for everybody */
} options[CR_SOCKET_OPTIONS] = {
	{ SO_SNDBUF, sizeof(int), SO_SNDBUFFORCE },
	{ SO_RCVBUF, sizeof(int), SO_RCVBUFFORCE },
	{ SO_SNDTIMEO, sizeof(struct timeval), 0 },
	{ SO_RCVTIMEO, sizeof(struct timeval), 0 },
	{ SO_LINGER, sizeof(struct linger), 0 },
	{ SO_RCVLOWAT, sizeof(int), 0 },
	{ SO_PEEK_OFF, sizeof(int), 0 },
	{ SO_PASSCRED, sizeof(int), 0 },
	{ SO_PASSSEC, sizeof(int), 0 },
	{ SO_PASSPIDFD, sizeof(int), 0 },
	{ SO_PASSRIGHTS, sizeof(int), 0 },
	{ SO_INQ, sizeof(int), 0 },
	{ SO_OOBINLINE, sizeof(int), 0 },
	{ SO_KEEPALIVE, sizeof(int), 0 },
	{ SO_BROADCAST, sizeof(int), 0 },
	{ SO_REUSEADDR, sizeof(int), 0 },
	{ SO_PRIORITY, sizeof(int), 0 },
	{ SO_MARK, sizeof(int), 0 },
	{ SO_TIMESTAMP, sizeof(int), 0 },
	{ SO_TIMESTAMPNS, sizeof(int), 0 },
	{ SO_DONTROUTE, sizeof(int), 0 },
	{ SO_RXQ_OVFL, sizeof(int), 0 },
};

void cr_socket_defaults_read(struct cr_socket_defaults *d, int fresh)
{
	size_t i;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < CR_SOCKET_OPTIONS; i++) {
		socklen_t len = options[i].size;

		d->known[i] = !getsockopt(fresh, SOL_SOCKET, options[i].name, d->value[i], &len);
	}
}

void cr_socket_options_save(const struct cr_socket_defaults *d, int fd, cairn_SocketOption *out,
			    pb_size_t *count)
{
	size_t i;

	for (i = 0; i < CR_SOCKET_OPTIONS; i++) {
		cairn_SocketOption *o = &out[*count];
		socklen_t len = options[i].size;

		memset(o, 0, sizeof(*o));
		if (!d->known[i] ||
		    getsockopt(fd, SOL_SOCKET, options[i].name, o->value.bytes, &len) ||
		    !memcmp(o->value.bytes, d->value[i], options[i].size))
			continue;
		o->level = SOL_SOCKET;
		o->name = options[i].name;
		o->value.size = options[i].size;
		++*count;
	}
	if (*count < CR_SOCKET_OPTIONS)
		memset(&out[*count], 0, sizeof(*out));
}

static int force_of(const cairn_SocketOption *o)
{
	size_t i;

	for (i = 0; i < CR_SOCKET_OPTIONS; i++)
		if (o->level == SOL_SOCKET && options[i].name == o->name)
			return options[i].force;
	return 0;
}

void cr_socket_options_restore(int fd, const cairn_SocketOption *v, pb_size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		int force = force_of(&v[i]), want, have = 0;
		socklen_t len = sizeof(have);

		if (!force) {
			setsockopt(fd, v[i].level, v[i].name, v[i].value.bytes, v[i].value.size);
			continue;
		}
		/* What is set is doubled by the kernel, for its own needs. */
		memcpy(&want, v[i].value.bytes, sizeof(want));
		want /= 2;
		setsockopt(fd, SOL_SOCKET, v[i].name, &want, sizeof(want));
		if (getsockopt(fd, SOL_SOCKET, v[i].name, &have, &len) || have / 2 < want)
			setsockopt(fd, SOL_SOCKET, force, &want, sizeof(want));
	}
}
