// SPDX-License-Identifier: Apache-2.0
//
// inotify: watches under the same numbers, and the events that nobody has read. The kernel shows
// the inodes of what is watched; watch_path.c finds where they are. Events can only be had by
// reading them; inotify_queue.c puts them back, into the running job and at a restart. Watches are
// added last of all, so that the restart's own work on the files is not reported.
#include "objects/event/inotify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/core/fdinfo.h"
#include "objects/core/index.h"
#include "objects/core/kernels.h"
#include "objects/core/object.h"
#include "objects/core/reach.h"
#include "objects/core/save.h"
#include "objects/event/inotify_queue.h"
#include "objects/event/watch_path.h"
#include "objects/shape/shape.h"

#ifndef IN_MASK_CREATE
#define IN_MASK_CREATE 0x10000000
#endif
#define KEPT_BITS (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT)

typedef CR_LIST(struct cr_watch) watches;

static void inotify_free_save(struct cr_save *s)
{
	watches *all = s->state[cairn_ObjectKind_OBJECT_INOTIFY];

	if (all)
		free(all->v);
	free(all);
	s->state[cairn_ObjectKind_OBJECT_INOTIFY] = NULL;
}

static void read_handle(const char *line, struct cr_watch *w)
{
	unsigned int bytes, type, i, byte;
	const char *p = strstr(line, "fhandle-bytes:");
	int at;

	if (!p ||
	    sscanf(p, "fhandle-bytes:%x fhandle-type:%x f_handle:%n", &bytes, &type, &at) < 2 ||
	    bytes > MAX_HANDLE_SZ)
		return;
	w->handle.h.handle_bytes = bytes;
	w->handle.h.handle_type = type;
	for (i = 0; i < bytes && sscanf(p + at + 2 * i, "%2x", &byte) == 1; i++)
		w->handle.h.f_handle[i] = byte;
}

static int inotify_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			struct cr_err *err)
{
	void **state = &s->state[cairn_ObjectKind_OBJECT_INOTIFY];
	watches *all = *state ? *state : (*state = calloc(1, sizeof(*all)));
	cr_auto_free char *text = NULL;
	char *line, *next = NULL;
	unsigned int wd, dev, mask;
	unsigned long long inode;

	if (cr_fdinfo(v->fd, &text))
		return cr_fdinfo_fail(v, "inotify instance", err);
	for (line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		struct cr_watch *w;

		if (strncmp(line, "inotify ", 8))
			continue;
		w = all ? cr_list_add(all) : NULL;
		if (!w)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving an inotify instance");
		if (sscanf(line, "inotify wd:%x ino:%llx sdev:%x mask:%x", &wd, &inode, &dev,
			   &mask) != 4)
			return cr_fdinfo_fail(v, "inotify instance", err);
		w->m = (cairn_InotifyWatch){ .description = d->id, .wd = wd };
		w->m.mask = mask & KEPT_BITS;
		w->inode = inode;
		w->dev = makedev(dev >> 20, dev & 0xfffff);
		w->pid = v->pid;
		read_handle(line, w);
	}
	return 0;
}

/* ---- events that nobody has read ---- */

static void inotify_path_of(const struct cr_save *s, const struct cr_watch *w,
			    char out[CR_PATH_MAX])
{
	if (w->m.target)
		snprintf(out, CR_PATH_MAX, "/proc/self/fd/%d",
			 cr_description_noted(s, w->m.target)->fd);
	else
		snprintf(out, CR_PATH_MAX, "%s", w->m.path);
}

static int cannot_keep(const char *why, int error, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, error,
		       "an inotify instance has events that nobody has read, which cannot be kept "
		       "(%s): try again when the program has read them; the job goes on",
		       why);
}

/* Watches of an instance of ours see what happens while the job's are away. */
static int make_guard(const struct cr_save *s, const struct cr_watch *w, size_t n, int *wds)
{
	int guard = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char path[CR_PATH_MAX];
	size_t i;

	for (i = 0; guard >= 0 && i < n; i++) {
		inotify_path_of(s, &w[i], path);
		wds[i] = inotify_add_watch(guard, path, w[i].m.mask & ~IN_ONESHOT);
	}
	return guard;
}

static int inotify_append(char **events, size_t *size, const struct inotify_event *e)
{
	size_t len = sizeof(*e) + e->len;
	char *more = realloc(*events, *size + len);

	if (!more)
		return -ENOMEM;
	memcpy(more + *size, e, len);
	*events = more;
	*size += len;
	return 0;
}

/* What is there now, without the reports that watches of these n are gone, under their numbers. */
static void inotify_collect(int fd, const struct cr_watch *w, const int *wds, size_t n,
			    char **events, size_t *size)
{
	cr_auto_free char *got = NULL;
	struct inotify_event *e;
	size_t len = 0, at, i;

	if (cr_inotify_take(fd, &got, &len))
		return;
	for (at = 0; at < len; at += sizeof(*e) + e->len) {
		e = (void *)(got + at);
		for (i = 0; i < n && wds[i] != e->wd; i++)
			;
		if (i < n && e->mask & IN_IGNORED)
			continue;
		if (i < n)
			e->wd = w[i].m.wd;
		inotify_append(events, size, e);
	}
}

/*
 * The watches are taken away, what was read is made to happen again, and they are added once more,
 * while nobody of the job runs. Others may touch the files meanwhile: what a guard saw is added.
 */
static int read_and_put_back(const struct cr_save *s, int fd, const struct cr_watch *w, size_t n,
			     char **events, size_t *size, int *next_wd, struct cr_err *err)
{
	cr_auto_free int *guarded = calloc(n + 1, sizeof(int)), *own = calloc(n + 1, sizeof(int));
	cr_auto_free char *missed = NULL;
	cr_auto_fd guard = -1;
	struct cr_inotify_queue q;
	struct inotify_event *e;
	char path[CR_PATH_MAX];
	size_t i, at, missed_size = 0;
	int ret;

	if (!guarded || !own)
		return cannot_keep("memory", ENOMEM, err);
	guard = make_guard(s, w, n, guarded);
	if (guard < 0)
		return cannot_keep("no instance of inotify is to be had", errno, err);
	ret = cr_inotify_possible(guard);
	if (ret)
		return cannot_keep("this kernel or the runtime directory does not let us", -ret,
				   err);
	for (i = 0; i < n; i++)
		own[i] = w[i].m.wd;
	ret = cr_inotify_take(fd, events, size);
	if (ret)
		return cannot_keep("they cannot be read", -ret, err);
	for (i = 0; i < n; i++)
		inotify_rm_watch(fd, w[i].m.wd);
	inotify_collect(fd, w, own, n, events, size);
	/* Up to here the instance itself has seen all. */
	inotify_collect(guard, w, guarded, n, &missed, &missed_size);
	missed_size = 0;
	ret = cr_inotify_begin(&q, fd, err);
	if (!ret && cr_inotify_put(&q, *events, *size))
		ret = cannot_keep("they cannot be made to happen again", 0, err);
	inotify_collect(guard, w, guarded, n, &missed, &missed_size);
	if (!ret && missed_size) {
		cr_inotify_put(&q, missed, missed_size);
		for (at = 0; at < missed_size; at += sizeof(*e) + e->len) {
			e = (void *)(missed + at);
			inotify_append(events, size, e);
		}
	}
	cr_inotify_end(&q);
	for (i = 0; i < n; i++) {
		inotify_path_of(s, &w[i], path);
		if (cr_inotify_add(fd, path, w[i].m.mask, w[i].m.wd) && !ret)
			ret = cannot_keep("a watch cannot be added again", errno, err);
	}
	*next_wd = q.next_wd;
	cr_inotify_next(fd, *next_wd);
	return ret;
}

static int inotify_save_queue(struct cr_save *s, uint32_t id, const struct cr_watch *w, size_t n,
			      struct cr_err *err)
{
	int fd = cr_description_noted(s, id)->fd, bytes = 0, ret;
	cairn_InotifyQueue m = { .description = id };
	cr_auto_free char *events = NULL;
	size_t size = 0, i;

	if (ioctl(fd, FIONREAD, &bytes) || !bytes || !s->writer)
		return 0;
	for (i = 0; i < n; i++)
		if (!w[i].m.target && !w[i].m.path[0])
			return 0;
	ret = read_and_put_back(s, fd, w, n, &events, &size, &m.next_wd, err);
	if (!ret)
		ret = cr_image_blob(s->writer, events, size, &m.events, err);
	m.has_events = true;
	return ret ? ret :
		     cr_image_record(s->writer, cairn_RecordType_RECORD_INOTIFY_QUEUE, &m, err);
}

static int inotify_finish(struct cr_save *s, struct cr_err *err)
{
	watches *all = s->state[cairn_ObjectKind_OBJECT_INOTIFY];
	struct cr_watch *w = all ? all->v : NULL;
	size_t i, k, d, n;
	int ret = 0;

	if (!all)
		return 0;
	cr_find_watched(s, w, all->n);
	for (i = 0; i < all->n && !ret; i++) {
		if (!w[i].m.target && !w[i].m.path[0])
			return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
				       "process %d watches a file by inotify (inode %llu of device "
				       "%u:%u) that cannot be found: let it open the file, or take "
				       "the watch away; the job goes on",
				       w[i].pid, (unsigned long long)w[i].inode, major(w[i].dev),
				       minor(w[i].dev));
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_INOTIFY_WATCH, &w[i].m,
				      err);
	}
	/* An instance's watches stand together; it may have none. */
	for (d = 0; d < s->descriptions.n && !ret; d++) {
		const cairn_Description *m = &s->descriptions.v[d]->m;

		if (m->kind != cairn_ObjectKind_OBJECT_INOTIFY)
			continue;
		for (k = 0; k < all->n && w[k].m.description != m->id; k++)
			;
		for (n = 0; k + n < all->n && w[k + n].m.description == m->id; n++)
			;
		ret = inotify_save_queue(s, m->id, w + k, n, err);
	}
	return ret;
}

/* ---- restore ---- */

static int inotify_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	return cr_restored_anon(inotify_init1(IN_CLOEXEC), d, "an inotify instance", err);
}

static int by_wd(const void *a, const void *b)
{
	const cairn_InotifyWatch *x = *(cairn_InotifyWatch *const *)a;
	const cairn_InotifyWatch *y = *(cairn_InotifyWatch *const *)b;

	return x->wd < y->wd ? -1 : x->wd > y->wd;
}

static int inotify_watch(struct cr_restore *r, int fd, const cairn_InotifyWatch *w,
			 struct cr_err *err)
{
	int i = w->target ? cr_description_index(r->img, w->target) : -1, ret, at;
	cr_auto_fd found = -1;

	if (i < 0 || r->description_fd[i] < 0)
		found = cr_is_kernels(w->path) ? open(w->path, O_PATH | O_CLOEXEC) :
						 cr_reach_open(w->path, O_PATH | O_NOFOLLOW, 0);
	at = found < 0 && i >= 0 ? r->description_fd[i] : found;
	ret = at < 0 ? -errno : 0;
	cr_rights_for(i < 0 ? w->path : NULL);
	if (!ret)
		ret = cr_inotify_add(fd, cr_fd_path(at).text, w->mask & ~IN_DONT_FOLLOW, w->wd);
	cr_rights_back();
	if (ret && cr_reach_hint(-ret)[0])
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the job watched %s by inotify, which cannot be watched now%s",
			       w->path, cr_reach_hint(-ret));
	if (ret)
		return cr_fail(err, CR_EXIT_CHANGED, -ret,
			       "the job watched %s by inotify, which cannot be watched now (put it "
			       "back, or restart where it is)",
			       i >= 0 ? r->img->descriptions.v[i].path : w->path);
	return 0;
}

static int last(struct cr_restore *r, const cairn_Description *d, int fd, struct cr_err *err)
{
	size_t count = r->img->inotify_watches.n, n = 0, i;
	cr_auto_free const cairn_InotifyWatch **sorted = calloc(count + 1, sizeof(*sorted));
	struct cr_inotify_queue queue;
	int next = 0, ret = 0;

	if (!sorted)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "inotify");
	for (i = 0; i < r->img->inotify_queues.n && !ret; i++) {
		const cairn_InotifyQueue *q = &r->img->inotify_queues.v[i];
		cr_auto_free void *events = NULL;

		if (q->description != d->id)
			continue;
		next = q->next_wd;
		ret = cr_image_read_blob(r->img, &q->events, &events, err);
		if (ret)
			break;
		ret = cr_inotify_begin(&queue, fd, err);
		if (!ret && cr_inotify_put(&queue, events, q->events.size))
			cr_say("some events of inotify are lost");
		cr_inotify_end(&queue);
	}
	for (i = 0; i < count; i++)
		if (r->img->inotify_watches.v[i].description == d->id)
			sorted[n++] = &r->img->inotify_watches.v[i];
	qsort(sorted, n, sizeof(*sorted), by_wd);
	for (i = 0; i < n && !ret; i++)
		ret = inotify_watch(r, fd, sorted[i], err);
	if (next)
		cr_inotify_next(fd, next);
	return ret;
}

const struct cr_object cr_object_inotify = {
	.shape = &cr_shape_inotify,
	.save = inotify_save,
	.restore = inotify_restore,
	.finish = inotify_finish,
	.last = last,
	.free_save = inotify_free_save,
};
