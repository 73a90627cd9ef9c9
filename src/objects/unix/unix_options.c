// SPDX-License-Identifier: Apache-2.0
//
// Options of unix sockets: read one by one, kept where they differ from a new socket's, set again.
// Those that mean something here, and those that programs set on any socket. One that the kernel
// does not know is one that nobody has set. The sizes of buffers come with the table of all.
#include "objects/unix/unix_options.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/core/object.h"
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

static const struct {
	int name;
	socklen_t size;
} options[] = {
	{ SO_SNDTIMEO, sizeof(struct timeval) },
	{ SO_RCVTIMEO, sizeof(struct timeval) },
	{ SO_LINGER, sizeof(struct linger) },
	{ SO_RCVLOWAT, sizeof(int) },
	{ SO_PEEK_OFF, sizeof(int) },
	{ SO_PASSCRED, sizeof(int) },
	{ SO_PASSSEC, sizeof(int) },
	{ SO_PASSPIDFD, sizeof(int) },
	{ SO_PASSRIGHTS, sizeof(int) },
	{ SO_INQ, sizeof(int) },
	{ SO_OOBINLINE, sizeof(int) },
	{ SO_KEEPALIVE, sizeof(int) },
	{ SO_BROADCAST, sizeof(int) },
	{ SO_REUSEADDR, sizeof(int) },
	{ SO_PRIORITY, sizeof(int) },
	{ SO_TIMESTAMP, sizeof(int) },
	{ SO_TIMESTAMPNS, sizeof(int) },
};

_Static_assert(CR_ARRAY_SIZE(options) + 2 == UNIX_OPTIONS, "as in unix.h");

static const struct {
	int name;
	int force; /* with the privilege, beyond the limits for everybody */
} buffers[] = {
	{ SO_SNDBUF, SO_SNDBUFFORCE },
	{ SO_RCVBUF, SO_RCVBUFFORCE },
};

int unix_defaults_read(struct unix_defaults *d)
{
	cr_auto_fd fresh = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t i;

	if (fresh < 0)
		return -errno;
	for (i = 0; i < CR_ARRAY_SIZE(options); i++) {
		socklen_t len = options[i].size;

		d->known[i] = !getsockopt(fresh, SOL_SOCKET, options[i].name, d->value[i], &len);
	}
	for (i = 0; i < CR_ARRAY_SIZE(buffers); i++) {
		socklen_t len = sizeof(d->buffer[i]);

		getsockopt(fresh, SOL_SOCKET, buffers[i].name, &d->buffer[i], &len);
	}
	return 0;
}

static void unix_options_add(cairn_UnixSocket *m, int name, const void *value, size_t size)
{
	cairn_SocketOption *o = &m->options[m->options_count++];

	o->level = SOL_SOCKET;
	o->name = name;
	o->value.size = size;
	memcpy(o->value.bytes, value, size);
}

void unix_options_save(const struct unix_defaults *d, struct unix_socket *u)
{
	unsigned char value[16];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(buffers); i++) {
		int size = u->entry->buffer[i];

		if (size != d->buffer[i])
			unix_options_add(&u->m, buffers[i].name, &size, sizeof(size));
	}
	for (i = 0; i < CR_ARRAY_SIZE(options); i++) {
		socklen_t len = options[i].size;

		if (d->known[i] && !getsockopt(u->fd, SOL_SOCKET, options[i].name, value, &len) &&
		    memcmp(value, d->value[i], options[i].size))
			unix_options_add(&u->m, options[i].name, value, options[i].size);
	}
}

static void set_buffer(int fd, size_t which, int want)
{
	int have = 0;
	socklen_t len = sizeof(have);

	/* What is set is doubled by the kernel, for its own needs. */
	want /= 2;
	setsockopt(fd, SOL_SOCKET, buffers[which].name, &want, sizeof(want));
	if (getsockopt(fd, SOL_SOCKET, buffers[which].name, &have, &len) || have / 2 < want)
		setsockopt(fd, SOL_SOCKET, buffers[which].force, &want, sizeof(want));
}

void unix_options_restore(int fd, const cairn_UnixSocket *m)
{
	size_t i, k;

	for (i = 0; i < m->options_count; i++) {
		const cairn_SocketOption *o = &m->options[i];

		for (k = 0; k < CR_ARRAY_SIZE(buffers); k++)
			if (o->name == buffers[k].name)
				break;
		if (k < CR_ARRAY_SIZE(buffers))
			set_buffer(fd, k, *(const int *)o->value.bytes);
		else
			setsockopt(fd, o->level, o->name, o->value.bytes, o->value.size);
	}
}

/* ---- filters of what may come in; those of streams are never asked ---- */

int unix_filter_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err)
{
	struct sock_filter code[BPF_MAXINSNS];
	socklen_t n = 0;

	if (u->m.type == SOCK_STREAM ||
	    (!getsockopt(u->fd, SOL_SOCKET, SO_GET_FILTER, NULL, &n) && !n))
		return 0;
	if (n > BPF_MAXINSNS || !n || getsockopt(u->fd, SOL_SOCKET, SO_GET_FILTER, code, &n))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
			       "process %d has a unix socket (inode %u) with a filter that cannot "
			       "be read (a BPF program): detach it; the job goes on",
			       u->pid, u->inode);
	u->m.has_filter = true;
	return s->writer ? cr_image_blob(s->writer, code, n * sizeof(*code), &u->m.filter, err) : 0;
}

int unix_filter_restore(struct cr_restore *r, int fd, const cairn_UnixSocket *m, struct cr_err *err)
{
	cr_auto_free void *code = NULL;
	struct sock_fprog program;

	if (!m->has_filter)
		return 0;
	if (cr_image_read_blob(r->img, &m->filter, &code, err))
		return -EBADMSG;
	program.len = m->filter.size / sizeof(struct sock_filter);
	program.filter = code;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ?
		       cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot attach a socket's filter") :
		       0;
}
