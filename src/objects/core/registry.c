// SPDX-License-Identifier: Apache-2.0
//
// A restart: what is done with each kind of objects, and with each description of the image. Runs
// in the shepherd and in the processes that it makes.
#include "objects/core/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/scm.h"
#include "objects/core/claim.h"
#include "objects/core/index.h"
#include "objects/core/reopen.h"
#include "objects/core/rights.h"
#include "objects/core/room.h"
#include "objects/shape/shape.h"

static enum cr_when when(const struct cr_object *o, const cairn_Description *d)
{
	return o->when_of ? o->when_of(d) : o->when;
}

static int unknown(const cairn_Description *d, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image has an object of unknown kind %d",
		       d->kind);
}

/* Opens it now, at base or above. */
static int open_now(struct cr_restore *r, size_t i, struct cr_err *err)
{
	const cairn_Description *d = &r->img->descriptions.v[i];
	const struct cr_object *o = cr_object_of(r->kinds, d->kind);
	const struct cr_object *const *k;
	struct cr_behalf before;
	cr_auto_fd fd = -1;

	if (!o)
		return unknown(d, err);
	before = cr_on_behalf(cr_behalf_of_description(r, d));
	fd = o->restore(r, d, err);
	cr_on_behalf(before);
	if (fd < 0)
		return fd;
	for (k = r->kinds; *k; k++)
		if ((*k)->opened && (*k)->opened(r, d, fd, err))
			return -EACCES;
	r->description_fd[i] = fcntl(fd, F_DUPFD_CLOEXEC, r->base);
	if (r->description_fd[i] < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno,
			       "too many open files (raise the hard limit, ulimit -Hn)");
	return r->description_fd[i];
}

int cr_restored_fd(struct cr_restore *r, uint32_t id, struct cr_err *err)
{
	int i = cr_description_index(r->img, id);

	if (i < 0)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks description %u", id);
	return r->description_fd[i] >= 0 ? r->description_fd[i] : open_now(r, i, err);
}

static int *closed_fds(size_t n)
{
	int *fds = malloc((n + 1) * sizeof(*fds));
	size_t i;

	for (i = 0; fds && i < n; i++)
		fds[i] = -1;
	return fds;
}

static int registry_make_room(struct cr_restore *r, struct cr_err *err)
{
	size_t n = r->img->descriptions.n;

	r->description_fd = closed_fds(n);
	r->late = (void *)closed_fds(n * 2);
	r->first = calloc(n + 1, sizeof(*r->first));
	r->inode_fd = closed_fds(r->img->inodes.n);
	r->shared_fd = closed_fds(r->img->shared.n);
	r->claim_offset = calloc(r->img->shared.n + 1, sizeof(*r->claim_offset));
	r->pipe_fd = (void *)closed_fds(r->img->pipes.n * 2);
	if (!r->description_fd || !r->late || !r->first || !r->inode_fd || !r->shared_fd ||
	    !r->claim_offset || !r->pipe_fd)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart");
	return cr_rights_find(r) ? cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart") :
				   0;
}

static int find_base(struct cr_restore *r, int *used, size_t n, struct cr_err *err)
{
	size_t need = cr_room_base(r->img->inodes.n, r->img->shared.n, r->img->pipes.n,
				   r->img->processes.n);
	size_t i;

	for (i = 0; i < r->img->descriptions.n; i++)
		need += cr_room_of(r->img->descriptions.v[i].kind);
	if (!cr_room_find(used, n, need, &r->base, &r->end))
		return 0;
	return cr_fail(err, CR_EXIT_INTERNAL, EMFILE,
		       "no room for %zu more open files (raise the hard limit, ulimit -Hn)", need);
}

/* Who comes first to each description, and which numbers are used. */
static int read_holders(struct cr_restore *r, struct cr_err *err)
{
	CR_LIST(int) used = { 0 };
	size_t i, k, j;
	int d, ret, *to;

	for (i = 0; i < r->img->processes.n; i++) {
		const struct cr_process_image *p = &r->img->processes.v[i];

		for (k = 0; k < p->fds.n; k++) {
			for (j = 0; j < p->fds.v[k].fds_count; j++) {
				d = cr_description_index(r->img, p->fds.v[k].descriptions[j]);
				if (d < 0)
					return cr_fail(err, CR_EXIT_DAMAGED, 0,
						       "the image lacks fd %d of process %d",
						       p->fds.v[k].fds[j], p->process.pid);
				if (!r->first[d])
					r->first[d] = p->process.pid;
				to = cr_list_add(&used);
				if (to)
					*to = p->fds.v[k].fds[j];
			}
		}
	}
	ret = find_base(r, used.v, used.n, err);
	free(used.v);
	return ret;
}

static int prepare_late(struct cr_restore *r, size_t i, struct cr_err *err)
{
	int p[2], k;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, p))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "preparing a restart");
	for (k = 0; k < 2; k++) {
		r->late[i][k] = fcntl(p[k], F_DUPFD_CLOEXEC, r->base);
		close(p[k]);
	}
	return 0;
}

int cr_objects_prepare(struct cr_restore *r, struct cr_err *err)
{
	const struct cr_object *const *k;
	int ret = registry_make_room(r, err);
	size_t i;

	if (!ret)
		ret = read_holders(r, err);
	for (k = r->kinds; *k && !ret; k++)
		if ((*k)->begin)
			ret = (*k)->begin(r, err);
	for (k = r->kinds; *k && !ret; k++)
		if ((*k)->prepare)
			ret = (*k)->prepare(r, err);
	for (i = 0; i < r->img->descriptions.n && !ret; i++) {
		const cairn_Description *d = &r->img->descriptions.v[i];
		const struct cr_object *o = cr_object_of(r->kinds, d->kind);

		if (!o)
			return unknown(d, err);
		if (when(o, d) == CR_EARLY && r->description_fd[i] < 0)
			ret = open_now(r, i, err) < 0 ? -EIO : 0;
		else if (when(o, d) == CR_LATE)
			ret = prepare_late(r, i, err);
	}
	if (!ret)
		ret = cr_claims_prepare(r, err);
	return ret;
}

#define PATIENCE_MS 300000

/* ---- late ones: the shepherd opens them, whoever holds them peeks at a socket ---- */

static int registry_hand_over(int sock, int fd)
{
	CR_RIGHTS_ROOM(1) room;
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	cr_rights_put(&m, &room, &fd, 1);
	return sendmsg(sock, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Left in the queue for the others. */
static int peek_fd(int sock)
{
	CR_RIGHTS_ROOM(1) room;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &room,
			    .msg_controllen = sizeof(room) };
	struct pollfd p = { sock, POLLIN, 0 };
	size_t came = 0;
	int fd = -1;

	/* Not in recvmsg: one that comes wakes only one of those who sleep there. */
	while (recvmsg(sock, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		if ((errno != EINTR && errno != EAGAIN) || !poll(&p, 1, PATIENCE_MS))
			return -errno;
	cr_rights_take(&m, &fd, 1, &came);
	return fd;
}

int cr_objects_late(struct cr_restore *r, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img->descriptions.n && !ret; i++) {
		const cairn_Description *d = &r->img->descriptions.v[i];
		const struct cr_object *o = cr_object_of(r->kinds, d->kind);

		if (r->late[i][0] >= 0 && r->description_fd[i] < 0 && open_now(r, i, err) < 0)
			return -EIO;
		if (r->late[i][0] >= 0)
			ret = registry_hand_over(r->late[i][0], r->description_fd[i]);
		/* What nobody holds but a socket's queue is settled here. */
		if (!ret && !r->first[i] && o->settle && r->description_fd[i] >= 0)
			ret = o->settle(r, d, r->description_fd[i], NULL, err);
	}
	return ret;
}

int cr_object_take(struct cr_restore *r, size_t i, struct cr_err *err)
{
	cr_auto_fd fd = -1;

	if (r->description_fd[i] >= 0)
		return r->description_fd[i];
	if (r->late[i][1] < 0)
		return open_now(r, i, err);
	fd = peek_fd(r->late[i][1]);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, -fd, "%s was not handed over",
			       cr_object_of(r->kinds, r->img->descriptions.v[i].kind)->shape->name);
	r->description_fd[i] = fcntl(fd, F_DUPFD_CLOEXEC, r->base);
	return r->description_fd[i];
}

int cr_objects_settle(struct cr_restore *r, const struct cr_process_image *p, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img->descriptions.n && !ret; i++) {
		const cairn_Description *d = &r->img->descriptions.v[i];
		const struct cr_object *o;

		if (r->first[i] != p->process.pid)
			continue;
		o = cr_object_of(r->kinds, d->kind);
		if (o->settle)
			ret = o->settle(r, d, r->description_fd[i], p, err);
	}
	return ret;
}

int cr_objects_apply(struct cr_restore *r, struct cr_err *err)
{
	const struct cr_object *const *k = r->kinds;
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img->descriptions.n; i++)
		if (r->description_fd[i] >= 0)
			cr_object_owner(r, r->description_fd[i], &r->img->descriptions.v[i]);
	while (*k)
		k++;
	while (k > r->kinds && !ret) {
		k--;
		if ((*k)->apply)
			ret = (*k)->apply(r, err);
	}
	for (i = 0; i < r->img->descriptions.n && !ret; i++) {
		const cairn_Description *d = &r->img->descriptions.v[i];
		const struct cr_object *o = cr_object_of(r->kinds, d->kind);

		if (o->last && r->description_fd[i] >= 0) {
			struct cr_behalf before = cr_on_behalf(cr_behalf_of_description(r, d));

			ret = o->last(r, d, r->description_fd[i], err);
			cr_on_behalf(before);
		}
	}
	return ret;
}

static void close_all(int *fds, size_t n)
{
	size_t i;

	for (i = 0; fds && i < n; i++)
		cr_close_fd(&fds[i]);
	free(fds);
}

void cr_restore_free(struct cr_restore *r)
{
	const struct cr_object *const *k;

	for (k = r->kinds; *k; k++)
		if ((*k)->free_restore)
			(*k)->free_restore(r);
	close_all(r->description_fd, r->img->descriptions.n);
	close_all((int *)r->late, r->img->descriptions.n * 2);
	close_all(r->inode_fd, r->img->inodes.n);
	close_all(r->shared_fd, r->img->shared.n);
	close_all((int *)r->pipe_fd, r->img->pipes.n * 2);
	free(r->claim_offset);
	free(r->first);
	cr_rights_free(r);
	r->claim_offset = NULL;
	r->first = NULL;
	r->description_fd = r->inode_fd = r->shared_fd = NULL;
	r->pipe_fd = r->late = NULL;
}
