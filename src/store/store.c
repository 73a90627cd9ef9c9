// SPDX-License-Identifier: Apache-2.0
//
// The store as a whole: its folder and id, and what the event loop is told. Closing asks every
// thread to end, breaks off what it waits for, and waits.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/err.h"
#include "store/store_accept.h"
#include "store/place.h"
#include "store/scrub.h"
#include "store/ship.h"
#include "store/store.h"
#include "store/work.h"

#define ID_FILE "store.id"

static void do_chores(struct cr_store *s, void *unused)
{
	struct cr_chores *c = &s->chores;

	pthread_mutex_lock(&s->lock);
	/* What was asked for before the end is done. */
	while (c->first || !s->closing)
		if (!cr_store_do(s, c))
			pthread_cond_wait(&c->cond, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* ---- reports ---- */

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct cr_store *s = arg;
	struct cr_report *r, *next;
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&s->lock);
	r = s->reports;
	s->reports = NULL;
	s->last_report = &s->reports;
	pthread_mutex_unlock(&s->lock);
	for (; r; r = next) {
		next = r->next;
		if (s->o.holding)
			s->o.holding(&r->holding, s->o.arg);
		free(r);
	}
}

/* ---- opening ---- */

/* Two nodes may make it at the same time in a shared folder: the one that links first wins. */
static int make_id(struct cr_store *s)
{
	char name[40], text[24];
	uint64_t id;
	int fd, ret;

	do {
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			return -EIO;
	} while (!id);
	snprintf(name, sizeof(name), ".store.id.%016" PRIx64, id);
	snprintf(text, sizeof(text), "%016" PRIx64 "\n", id);
	fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = cr_write_all(fd, text, strlen(text));
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	if (!ret && linkat(s->dir, name, s->dir, ID_FILE, 0) && errno != EEXIST)
		ret = -errno;
	unlinkat(s->dir, name, 0);
	if (!ret && fsync(s->dir))
		ret = -errno;
	return ret;
}

static int read_id(struct cr_store *s, struct cr_err *err)
{
	cr_auto_free char *text = NULL;
	char *end;
	ssize_t n = cr_slurp(s->dir, ID_FILE, &text);
	int ret = n == -ENOENT ? make_id(s) : 0;

	if (ret)
		return cr_fail(err, CR_EXIT_IO, -ret, "cannot make %s/" ID_FILE, s->path);
	if (n == -ENOENT)
		n = cr_slurp(s->dir, ID_FILE, &text);
	if (n < 0)
		return cr_fail(err, CR_EXIT_IO, -n, "cannot read %s/" ID_FILE, s->path);
	s->id = strtoull(text, &end, 16);
	if (!s->id || end != text + 16 || strcmp(end, "\n"))
		return cr_fail(err, CR_EXIT_DAMAGED, 0,
			       "%s/" ID_FILE " is damaged: remove it to make a new one", s->path);
	return 0;
}

static int open_folder(struct cr_store *s, struct cr_err *err)
{
	struct stat st;
	int ret = cr_mkdir_p(s->o.path, s->root ? 0711 : 0700);

	if (ret)
		return cr_fail(err, CR_EXIT_IO, -ret, "cannot make the store %s", s->o.path);
	if (!realpath(s->o.path, s->path))
		return cr_fail(err, CR_EXIT_IO, errno, "the store %s", s->o.path);
	s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0 || fstat(s->dir, &st))
		return cr_fail(err, CR_EXIT_IO, errno, "cannot open the store %s", s->path);
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return cr_fail(err, CR_EXIT_PERMISSION, EPERM,
			       "the store %s must be user %u's, and nobody else may write to it",
			       s->path, geteuid());
	/* Users must come to their folders, but not see those of others. */
	if (s->root && (st.st_mode & 0111) != 0111 && fchmod(s->dir, st.st_mode | 0111))
		return cr_fail(err, CR_EXIT_IO, errno, "the store %s", s->path);
	return read_id(s, err);
}

/* What a crash has left of dropping and replacing. */
static bool store_mend(struct cr_store *s, uint64_t job, uint32_t member, struct cr_place *p,
		       void *arg)
{
	cr_form_list list;
	size_t i;

	cr_place_list(p, &list);
	for (i = 0; i < list.n; i++) {
		struct cr_form_name name = cr_form_name(CR_FORM_COMPLETE, list.v[i].number), old;
		uint64_t bytes;

		if (list.v[i].form == CR_FORM_COMPLETE &&
		    cr_image_look(p, list.v[i].number, &bytes, NULL) ==
			    cairn_HoldingState_HOLDING_GONE)
			cr_image_remove(p, CR_FORM_COMPLETE, list.v[i].number);
		if (list.v[i].form != CR_FORM_OLD)
			continue;
		old = cr_form_name(CR_FORM_OLD, list.v[i].number);
		if (faccessat(p->dir, name.text, F_OK, AT_SYMLINK_NOFOLLOW))
			renameat(p->dir, old.text, p->dir, name.text);
		else
			cr_image_remove(p, CR_FORM_OLD, list.v[i].number);
	}
	free(list.v);
	return false;
}

static void init_sync(struct cr_store *s)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_cond_init(&s->chores.cond, &attr);
	pthread_cond_init(&s->checks.cond, &attr);
	pthread_condattr_destroy(&attr);
	s->last_report = &s->reports;
	s->chores.last = &s->chores.first;
	s->checks.last = &s->checks.first;
}

int cr_store_open(struct cr_store **out, const struct cr_store_options *o, struct cr_err *err)
{
	struct cr_store *s = calloc(1, sizeof(*s));
	int ret;

	*out = NULL;
	if (!s)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "store");
	s->o = *o;
	s->dir = s->listener = -1;
	s->root = !geteuid();
	snprintf(s->node, sizeof(s->node), "%s", o->node);
	init_sync(s);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->wake_event = event_new(o->base, s->wake, EV_READ | EV_PERSIST, on_wake, s);
	ret = open_folder(s, err);
	if (!ret) {
		cr_place_each(s, store_mend, NULL);
		if (s->wake < 0 || !s->wake_event || event_add(s->wake_event, NULL) ||
		    cr_store_thread(s, do_chores, NULL) || cr_store_thread(s, cr_scrub, NULL))
			ret = cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "store");
	}
	if (ret)
		cr_store_close(s);
	else
		*out = s;
	return ret;
}

void cr_store_close(struct cr_store *s)
{
	struct cr_report *r;
	struct cr_chore *c;

	if (!s)
		return;
	cr_listen_free(s);
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_broadcast(&s->changed);
	pthread_cond_broadcast(&s->chores.cond);
	pthread_cond_broadcast(&s->checks.cond);
	pthread_mutex_unlock(&s->lock);
	cr_ship_free(s);
	pthread_mutex_lock(&s->lock);
	while (s->threads)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
	while ((r = s->reports)) {
		s->reports = r->next;
		free(r);
	}
	while ((c = s->checks.first)) {
		s->checks.first = c->next;
		free(c);
	}
	if (s->wake_event)
		event_free(s->wake_event);
	cr_close_fd(&s->wake);
	cr_close_fd(&s->dir);
	free(s);
}

/* ---- what is asked for ---- */

uint64_t cr_store_id(const struct cr_store *s)
{
	return s->id;
}

const char *cr_store_path(const struct cr_store *s)
{
	return s->path;
}

void cr_store_room(const struct cr_store *s, uint64_t *total, uint64_t *available)
{
	struct statvfs v;

	*total = *available = 0;
	if (fstatvfs(s->dir, &v))
		return;
	*total = (uint64_t)v.f_blocks * v.f_frsize;
	*available = (uint64_t)v.f_bavail * v.f_frsize;
}

int cr_store_folder(struct cr_store *s, uint64_t job, const char *name, uint32_t member,
		    uint32_t uid, uint32_t gid, char path[CR_PATH_MAX], struct cr_err *err)
{
	struct cr_place p;
	int ret = cr_place_make(s, job, name, member, uid, gid, &p, err);

	if (ret)
		return ret;
	snprintf(path, CR_PATH_MAX, "%s", p.path);
	cr_place_close(&p);
	return 0;
}
