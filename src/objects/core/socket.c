// SPDX-License-Identifier: Apache-2.0
//
// What sockets of every family have. An option that the kernel does not know is one that nobody has
// set. Runs in the shepherd.
#include "objects/core/socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/core/object.h"

int cr_socket_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

int cr_socket_get(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	return getsockopt(fd, level, name, &value, &len) ? 0 : value;
}

int cr_socket_limit(int name)
{
	/* It is read off a socket of our own. */
	cr_auto_fd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_socket_set(fd, SOL_SOCKET, name, INT32_MAX / 4);
	return cr_socket_get(fd, SOL_SOCKET, name);
}

void cr_socket_buffer(int fd, int name, int want)
{
	/* What is set is doubled by the kernel, for its own needs. */
	if (!cr_socket_set(fd, SOL_SOCKET, name == SO_RCVBUF ? SO_RCVBUFFORCE : SO_SNDBUFFORCE,
			   want / 2))
		return;
	if (want <= cr_socket_get(fd, SOL_SOCKET, name) ||
	    cr_socket_get(fd, SOL_SOCKET, name) < cr_socket_limit(name))
		cr_socket_set(fd, SOL_SOCKET, name, want / 2);
}

/* ---- options ---- */

static short option_value(int fd, const struct cr_option *o, unsigned char *value)
{
	socklen_t len = o->size;

	return getsockopt(fd, o->level, o->name, value, &len) ? -1 : (short)len;
}

void cr_option_defaults(int fd, const struct cr_option *table, size_t n,
			struct cr_option_defaults *d)
{
	size_t i;

	for (i = 0; i < n; i++)
		d->size[i] = option_value(fd, &table[i], d->value[i]);
}

bool cr_option_add(cairn_SocketOption *list, pb_size_t *n, size_t most, int level, int name,
		   const void *value, size_t size)
{
	cairn_SocketOption *o = &list[*n];

	if (*n == most)
		return false;
	o->level = level;
	o->name = name;
	o->value.size = size;
	memcpy(o->value.bytes, value, size);
	++*n;
	return true;
}

bool cr_option_read(int fd, const struct cr_option *o, const struct cr_option_defaults *d, size_t i,
		    cairn_SocketOption *list, pb_size_t *n, size_t most)
{
	unsigned char value[sizeof(d->value[i])] = { 0 };
	short size = d->size[i] < 0 ? -1 : option_value(fd, o, value);

	return size < 0 || (size == d->size[i] && !memcmp(value, d->value[i], size)) ||
	       cr_option_add(list, n, most, o->level, o->name, value, size);
}

int cr_option_restore(int fd, const cairn_SocketOption *o)
{
	return setsockopt(fd, o->level, o->name, o->value.bytes, o->value.size) ? -errno : 0;
}

/* ---- classic BPF ---- */

int cr_filter_save(struct cr_save *s, int fd, pid_t pid, const char *which, bool *has,
		   cairn_Blob *to, struct cr_err *err)
{
	struct sock_filter code[BPF_MAXINSNS];
	socklen_t n = 0;

	/* Its length is counted in instructions. EACCES: there is one, of another sort. */
	if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &n) ? errno == ENOPROTOOPT : !n)
		return 0;
	if (!n || n > BPF_MAXINSNS || getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, code, &n))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
			       "process %d has a socket (%s) with a filter that cannot be read "
			       "(SO_ATTACH_BPF): detach it; the job goes on",
			       pid, which);
	*has = true;
	return s->writer ? cr_image_blob(s->writer, code, n * sizeof(*code), to, err) : 0;
}

int cr_filter_restore(struct cr_restore *r, int fd, bool has, const cairn_Blob *from,
		      struct cr_err *err)
{
	cr_auto_free void *code = NULL;
	struct sock_fprog program;
	int ret = has ? cr_image_read_blob(r->img, from, &code, err) : 0;

	if (!has || ret)
		return ret;
	program.len = from->size / sizeof(struct sock_filter);
	program.filter = code;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ?
		       cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot attach a socket's filter") :
		       0;
}
