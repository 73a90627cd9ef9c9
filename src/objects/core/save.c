// SPDX-License-Identifier: Apache-2.0
//
// A save: every open file description of the job once, however many descriptors lead to it. Runs in
// the shepherd while the job stands still. On failure the error says what cannot be saved.
#include "objects/core/save.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/image_write.h"
#include "objects/core/claim.h"
#include "objects/core/kernels.h"
#include "objects/core/object.h"
#include "objects/shape/shapes.h"

/* Kinds that have no row: what their links begin with. */
static const struct {
	const char *link, *one;
} others[] = {
	{ "anon_inode:[io_uring]", "an io_uring instance" },
	{ "anon_inode:[fanotify]", "a fanotify instance" },
	{ "anon_inode:[secretmem]", "secret memory" },
	{ "/secretmem", "secret memory" },
};

static const char *refused_name(const struct cr_fd_view *v)
{
	const struct cr_shape *shape = cr_shape_linked(v->link);
	size_t i;

	if (S_ISSOCK(v->st.st_mode))
		return "a socket";
	if (shape && shape->one)
		return shape->one;
	for (i = 0; i < CR_ARRAY_SIZE(others); i++)
		if (!strncmp(v->link, others[i].link, strlen(others[i].link)))
			return others[i].one;
	if (S_ISCHR(v->st.st_mode))
		return "a character device";
	if (S_ISBLK(v->st.st_mode))
		return "a block device";
	if (cr_is_namespace(v) || v->link[0] != '/')
		return "a namespace";
	if (S_ISREG(v->st.st_mode))
		return "a POSIX message queue";
	return "an object of a kind that Cairn does not know";
}

static void save_owner(const struct cr_fd_view *v, cairn_Description *d)
{
	struct f_owner_ex owner;

	if (v->flags & O_PATH || fcntl(v->fd, F_GETOWN_EX, &owner))
		return;
	d->owner = owner.pid;
	d->owner_type = owner.type;
	d->owner_signal = fcntl(v->fd, F_GETSIG);
}

/*
 * What /proc/self/fd/N leads to. It costs as much as all else that is asked of a descriptor, so
 * what is known without is written here: sockets and pipes are named by their numbers.
 */
static void read_link(struct cr_fd_view *v)
{
	static const char deleted[] = " (deleted)";
	static dev_t pipes;
	const char *kind = S_ISSOCK(v->st.st_mode)			    ? "socket" :
			   S_ISFIFO(v->st.st_mode) && v->st.st_dev == pipes ? "pipe" :
									      NULL;
	struct stat st;
	size_t n;

	v->deleted = false;
	if (kind) {
		snprintf(v->link, sizeof(v->link), "%s:[%lu]", kind, v->st.st_ino);
		return;
	}
	n = cr_fd_link(v->fd, v->link, sizeof(v->link));
	if (S_ISFIFO(v->st.st_mode) && !strncmp(v->link, "pipe:", 5))
		pipes = v->st.st_dev;
	if (n > sizeof(deleted) && !strcmp(v->link + n - sizeof(deleted) + 1, deleted)) {
		/* It may also be called so. */
		if (!lstat(v->link, &st) && st.st_dev == v->st.st_dev && st.st_ino == v->st.st_ino)
			return;
		v->deleted = true;
		v->link[n - sizeof(deleted) + 1] = 0;
	}
}

int cr_fd_view_read(struct cr_fd_view *v, int fd, pid_t pid, int number)
{
	v->fd = fd;
	v->pid = pid;
	v->number = number;
	v->flags = fcntl(fd, F_GETFL);
	if (fstat(fd, &v->st))
		return -errno;
	read_link(v);
	return 0;
}

/*
 * The order of the sorted ones: by what is known of them, inode and way of access, and then as the
 * kernel has them.
 */
static int save_order(const struct cr_saved_description *d, const struct stat *st, int flags,
		      int fd)
{
	int access = d->m.flags & O_ACCMODE;
	pid_t self;

	if (d->m.dev != st->st_dev)
		return d->m.dev < st->st_dev ? -1 : 1;
	if (d->m.inode != st->st_ino)
		return d->m.inode < st->st_ino ? -1 : 1;
	if (fd < 0)
		return 0;
	if (access != (flags & O_ACCMODE))
		return access < (flags & O_ACCMODE) ? -1 : 1;
	self = getpid();
	switch (syscall(SYS_kcmp, self, self, KCMP_FILE, d->fd, fd)) {
	case 0:
		return 0;
	case 1:
		return -1;
	case -1:
		return 0; /* forbidden here: same_description() goes through all that are alike */
	default:
		return 1;
	}
}

#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY (1024 + 3)
#endif

/*
 * Without kcmp, as containers have it: the kernel may answer itself (since 6.10), else the number
 * of a signal that goes nowhere is written into one description and read from the other.
 */
static bool same_description(int a, int b)
{
	int answer = fcntl(a, F_DUPFD_QUERY, b), signal, other;

	if (answer >= 0)
		return answer;
	signal = fcntl(a, F_GETSIG);
	other = signal == SIGURG ? SIGWINCH : SIGURG;
	/* One with O_PATH has none, nor a state of its own. */
	if (signal < 0 || fcntl(a, F_SETSIG, other))
		return signal < 0 && fcntl(b, F_GETSIG) < 0;
	answer = fcntl(b, F_GETSIG) == other;
	fcntl(a, F_SETSIG, signal);
	return answer;
}

static bool kcmp_forbidden(void)
{
	pid_t self = getpid();

	return syscall(SYS_kcmp, self, self, KCMP_FILE, 0, 0) < 0 && errno != EBADF;
}

/* *at is the first of those that are alike; moves it to the very one, or behind them all. */
static bool find_alike(const struct cr_save *s, const struct stat *st, int flags, int fd,
		       size_t *at)
{
	for (; *at < s->sorted.n && !save_order(s->sorted.v[*at], st, flags, fd); (*at)++)
		if (same_description(s->sorted.v[*at]->fd, fd))
			return true;
	return false;
}

/* Where it stands among the sorted ones, or would; true if it does. fd -1: any of the inode. */
static bool save_find(const struct cr_save *s, const struct stat *st, int flags, int fd, size_t *at)
{
	*at = CR_FIRST_NOT(i, 0, s->sorted.n, save_order(s->sorted.v[i], st, flags, fd) < 0);
	return *at < s->sorted.n && !save_order(s->sorted.v[*at], st, flags, fd) &&
	       (fd < 0 || !kcmp_forbidden() || find_alike(s, st, flags, fd, at));
}

const cairn_Description *cr_description_sibling(const struct cr_save *s, const struct stat *st,
						const cairn_Description *d)
{
	size_t at;

	if (!save_find(s, st, 0, -1, &at))
		return NULL;
	if (&s->sorted.v[at]->m != d)
		return &s->sorted.v[at]->m;
	if (at + 1 < s->sorted.n && !save_order(s->sorted.v[at + 1], st, 0, -1))
		return &s->sorted.v[at + 1]->m;
	return NULL;
}

static struct cr_saved_description *save_add(struct cr_save *s, size_t at)
{
	struct cr_saved_description *d = calloc(1, sizeof(*d));

	if (!d || !cr_list_add(&s->sorted) || !cr_list_add(&s->descriptions)) {
		free(d);
		return NULL;
	}
	memmove(s->sorted.v + at + 1, s->sorted.v + at,
		(s->sorted.n - 1 - at) * sizeof(*s->sorted.v));
	s->sorted.v[at] = s->descriptions.v[s->descriptions.n - 1] = d;
	return d;
}

int cr_refuse(const struct cr_fd_view *v, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has %s (fd %d, %s), which cannot be saved: close it or run the "
		       "checkpoint when it is closed; the job goes on",
		       v->pid, refused_name(v), v->number, v->link);
}

static bool save_is_of(const struct cr_object *o, const struct cr_save *s,
		       const struct cr_fd_view *v)
{
	if (o->match)
		return o->match(s, v);
	return o->restore && o->shape->link && !strcmp(v->link, o->shape->link);
}

const struct cr_object *cr_object_for(const struct cr_save *s, const struct cr_fd_view *v)
{
	const struct cr_object *const *k;

	for (k = s->kinds; *k; k++)
		if (save_is_of(*k, s, v))
			return *k;
	return NULL;
}

int cr_description_note(struct cr_save *s, struct cr_fd_view *v, uint32_t *id, struct cr_err *err)
{
	const struct cr_object *object;
	struct cr_saved_description *d;
	size_t at;
	int ret;

	if (save_find(s, &v->st, v->flags, v->fd, &at)) {
		*id = s->sorted.v[at]->m.id;
		cr_close_fd(&v->fd);
		return 0;
	}
	d = save_add(s, at);
	if (!d)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	d->fd = v->fd;
	d->m.id = *id = ++s->next_id;
	d->m.flags = v->flags;
	d->m.dev = v->st.st_dev;
	d->m.inode = v->st.st_ino;
	d->m.rdev = v->st.st_rdev;
	save_owner(v, &d->m);
	object = cr_object_for(s, v);
	ret = cr_claim_fd(s, v, &d->m, object, err);
	if (ret)
		return ret < 0 ? ret : 0;
	if (!object)
		return cr_refuse(v, err);
	d->m.kind = object->shape->kind;
	ret = object->save(s, v, &d->m, err);
	/* A check passes it over. */
	if (ret)
		d->m.kind = cairn_ObjectKind_OBJECT_NONE;
	return ret;
}

struct cr_saved_description *cr_description_noted(const struct cr_save *s, uint32_t id)
{
	size_t n = s->descriptions.n;
	size_t at = CR_FIRST_NOT(i, 0, n, s->descriptions.v[i]->m.id < id);

	return at < n && s->descriptions.v[at]->m.id == id ? s->descriptions.v[at] : NULL;
}

void cr_remark(struct cr_save *s, const char *format, ...)
{
	struct cr_remark *r = cr_list_add(&s->remarks);
	va_list args;

	if (!r)
		return;
	va_start(args, format);
	vsnprintf(r->text, sizeof(r->text), format, args);
	va_end(args);
}

int cr_objects_each_finish(struct cr_save *s, struct cr_err *err)
{
	const struct cr_object *const *k;
	int ret = 0;

	for (k = s->kinds; *k && !ret; k++)
		if ((*k)->finish)
			ret = (*k)->finish(s, err);
	return ret;
}

int cr_objects_finish(struct cr_save *s, struct cr_err *err)
{
	int ret = cr_objects_each_finish(s, err);
	const struct cr_object *const *k;

	for (k = s->kinds; *k && !ret; k++)
		if ((*k)->store)
			ret = (*k)->store(s, err);
	return ret;
}

void cr_save_close(struct cr_save *s)
{
	size_t i;

	for (i = 0; i < s->descriptions.n; i++)
		cr_close_fd(&s->descriptions.v[i]->fd);
	s->sorted.n = 0;
}

void cr_save_free(struct cr_save *s)
{
	const struct cr_object *const *k;
	size_t i;

	for (k = s->kinds; *k; k++)
		if ((*k)->free_save)
			(*k)->free_save(s);
	cr_save_close(s);
	for (i = 0; i < s->descriptions.n; i++)
		free(s->descriptions.v[i]);
	for (i = 0; i < s->inodes.n; i++)
		cr_close_fd(&s->inodes.v[i].fd);
	for (i = 0; i < s->shared.n; i++)
		cr_close_fd(&s->shared.v[i].fd);
	free(s->descriptions.v);
	free(s->sorted.v);
	free(s->holders.v);
	free(s->remarks.v);
	for (i = 0; i < s->watched.n; i++)
		free(s->watched.v[i]);
	free(s->watched.v);
	free(s->parties.v);
	free(s->homes.v);
	for (i = 0; i < CR_ARRAY_SIZE(s->known); i++)
		free(s->known[i].v);
	free(s->sets.v);
	free(s->inodes.v);
	free(s->shared.v);
	free(s->pipes.v);
	memset(s, 0, sizeof(*s));
}
