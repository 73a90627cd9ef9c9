// SPDX-License-Identifier: Apache-2.0
//
// epoll sets: what each watches, under which number, and whether edges were reported already. What
// a number stands for is asked of kcmp, as the file may have been closed, or be another by now.
// Saved while the job stands still; the watches are added again in a process that holds the set.
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/image_write.h"
#include "objects/core/fdinfo.h"
#include "objects/core/index.h"
#include "objects/core/object.h"
#include "objects/core/registry.h"
#include "objects/core/save.h"
#include "objects/shape/shape.h"

/* What stays of a one-shot watch that has fired. */
#define PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define ANYTHING (EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLERR | EPOLLHUP)

struct params {
	uint32_t usecs;
	uint16_t budget;
	uint8_t prefer, pad;
};

#define GET_PARAMS _IOR(0x8a, 2, struct params)
#define SET_PARAMS _IOW(0x8a, 1, struct params)

struct watch {
	cairn_EpollWatch m;
	uint32_t nth; /* of those with this number in its set, as the kernel counts them */
	pid_t pid;
	uint64_t dev, inode;
	bool ask; /* its set, which of its edges wait */
};

typedef CR_LIST(struct watch) watches;

static watches *epoll_state(struct cr_save *s)
{
	void **p = &s->state[cairn_ObjectKind_OBJECT_EPOLL];

	if (!*p)
		*p = calloc(1, sizeof(watches));
	return *p;
}

static void epoll_free_save(struct cr_save *s)
{
	watches *all = s->state[cairn_ObjectKind_OBJECT_EPOLL];

	if (all)
		free(all->v);
	free(all);
	s->state[cairn_ObjectKind_OBJECT_EPOLL] = NULL;
}

/*
 * epoll_ctl with a file under a number that it may not have here: it gets it for the moment.
 */
static int control(int set, int op, int target, int number, struct epoll_event *e)
{
	pid_t self = getpid();
	int flags, saved = -1, ret;

	if (!syscall(SYS_kcmp, self, self, KCMP_FILE, target, number))
		return epoll_ctl(set, op, number, e) ? -errno : 0;
	flags = fcntl(number, F_GETFD);
	if (flags >= 0 && (saved = fcntl(number, F_DUPFD_CLOEXEC, 3)) < 0)
		return -errno;
	ret = dup3(target, number, O_CLOEXEC) < 0 ? -errno : 0;
	if (!ret && epoll_ctl(set == number ? saved : set, op, number, e))
		ret = -errno;
	if (saved >= 0)
		dup3(saved, number, flags & FD_CLOEXEC ? O_CLOEXEC : 0);
	else
		close(number);
	cr_close_fd(&saved);
	return ret;
}

/* ---- save ---- */

static int epoll_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		      struct cr_err *err)
{
	watches *all = epoll_state(s);
	size_t first = all ? all->n : 0, i;
	cr_auto_free char *text = NULL;
	struct params params;
	unsigned long long data, inode;
	unsigned int events, dev;
	const char *line;
	int number;

	if (cr_fdinfo(v->fd, &text))
		return cr_fdinfo_fail(v, "epoll set", err);
	for (line = strstr(text, "tfd:"); line; line = strstr(line + 4, "tfd:")) {
		struct watch *w = all ? cr_list_add(all) : NULL;

		if (!w)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving an epoll set");
		if (sscanf(line, "tfd: %d events: %x data: %llx pos:%*d ino:%llx sdev:%x", &number,
			   &events, &data, &inode, &dev) != 5)
			return cr_fdinfo_fail(v, "epoll set", err);
		w->m = (cairn_EpollWatch){
			.description = d->id, .number = number, .events = events, .data = data
		};
		w->pid = v->pid;
		w->inode = inode;
		/* The kernel's own encoding. */
		w->dev = makedev(dev >> 20, dev & 0xfffff);
		for (i = first; i + 1 < all->n; i++)
			w->nth += all->v[i].m.number == number;
	}
	if (!ioctl(v->fd, GET_PARAMS, &params)) {
		d->event.busy_poll_usecs = params.usecs;
		d->event.busy_poll_budget = params.budget;
		d->event.busy_poll_prefer = params.prefer;
		d->has_event = true;
	}
	return 0;
}

static int epoll_by_number(const void *a, const void *b)
{
	const struct cr_holder *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* kcmp of a duplicate of ours with a watched file. */
static long epoll_compare(int fd, int set, const struct watch *w)
{
	struct kcmp_epoll_slot slot = { set, w->m.number, w->nth };

	return syscall(SYS_kcmp, getpid(), getpid(), KCMP_EPOLL_TFD, fd, &slot);
}

/* Among the sorted descriptions from low to high, which have one inode and one access. */
static const struct cr_saved_description *epoll_search(const struct cr_save *s, size_t low,
						       size_t high, int set, const struct watch *w)
{
	/* 1: ours is the lesser. */
	size_t at = CR_FIRST_NOT(i, low, high, epoll_compare(s->sorted.v[i]->fd, set, w) == 1);

	return at < high && !epoll_compare(s->sorted.v[at]->fd, set, w) ? s->sorted.v[at] : NULL;
}

static bool alike(const cairn_Description *a, const cairn_Description *b)
{
	return a->dev == b->dev && a->inode == b->inode &&
	       (a->flags & O_ACCMODE) == (b->flags & O_ACCMODE);
}

static const struct cr_saved_description *find_target(const struct cr_save *s,
						      const struct cr_holder *sorted, int set,
						      const struct watch *w)
{
	struct cr_holder key = { .pid = w->pid, .number = w->m.number };
	const struct cr_holder *h =
		bsearch(&key, sorted, s->holders.n, sizeof(*sorted), epoll_by_number);
	const struct cr_saved_description *d = h ? cr_description_noted(s, h->description) : NULL;
	long order = d ? epoll_compare(d->fd, set, w) : -1;
	size_t from, to;

	/* A kernel that cannot tell leaves what is under the number now. */
	if (d && (!order || (order < 0 && (errno == EOPNOTSUPP || errno == EINVAL))))
		return d;
	for (from = 0; from < s->sorted.n; from = to) {
		const cairn_Description *m = &s->sorted.v[from]->m;

		for (to = from + 1; to < s->sorted.n && alike(m, &s->sorted.v[to]->m); to++)
			;
		d = m->dev == w->dev && m->inode == w->inode ? epoll_search(s, from, to, set, w) :
							       NULL;
		if (d)
			return d;
	}
	return NULL;
}

static int find_targets(struct cr_save *s, watches *all, struct cr_err *err)
{
	struct cr_holder *sorted = malloc((s->holders.n + 1) * sizeof(*sorted));
	size_t i;
	int ret = 0;

	if (!sorted)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving an epoll set");
	if (s->holders.n)
		memcpy(sorted, s->holders.v, s->holders.n * sizeof(*sorted));
	qsort(sorted, s->holders.n, sizeof(*sorted), epoll_by_number);
	for (i = 0; i < all->n && !ret; i++) {
		struct watch *w = &all->v[i];
		int set = cr_description_noted(s, w->m.description)->fd;
		const struct cr_saved_description *d = find_target(s, sorted, set, w);

		if (d)
			w->m.target = d->m.id;
		else
			ret = cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
				      "process %d has an epoll set that watches a file (as fd %d) "
				      "which only a process outside of the job has open; the job "
				      "goes on",
				      w->pid, w->m.number);
	}
	free(sorted);
	return ret;
}

static bool edge(const struct watch *w)
{
	return w->m.events & EPOLLET && w->m.events & ~PRIVATE_BITS;
}

/* Whether one of ours may ask the set: a signalfd answers each process by its own signals. */
static bool epoll_may_ask(const struct cr_save *s, const watches *all, uint32_t set)
{
	bool signals = false, here = false, nested = false;
	size_t i;

	for (i = 0; i < all->n; i++) {
		cairn_ObjectKind kind = cr_description_noted(s, all->v[i].m.target)->m.kind;

		signals |= kind == cairn_ObjectKind_OBJECT_SIGNALFD;
		if (all->v[i].m.description != set)
			continue;
		here |= kind == cairn_ObjectKind_OBJECT_SIGNALFD;
		nested |= kind == cairn_ObjectKind_OBJECT_EPOLL;
	}
	return !here && !(nested && signals);
}

/*
 * Takes what a set has to report, which shows what is pending, and puts it back by setting the same
 * watches again. In a process of its own, whose table of descriptors it may use as it likes.
 */
static void epoll_take_and_put_back(const struct cr_save *s, struct watch *w, size_t n, int set,
				    bool *pending)
{
	struct epoll_event *got = calloc(n, sizeof(*got));
	int count, i;
	size_t k;

	count = got ? epoll_wait(set, got, n, 0) : 0;
	for (i = 0; i < count; i++) {
		for (k = 0; k < n; k++) {
			struct epoll_event e = { w[k].m.events, { .u64 = w[k].m.data } };
			int target = cr_description_noted(s, w[k].m.target)->fd;

			if (w[k].m.data != got[i].data.u64)
				continue;
			pending[k] = true;
			if (!(w[k].m.events & (EPOLLET | EPOLLONESHOT)))
				continue;
			if (w[k].m.events & EPOLLEXCLUSIVE) {
				control(set, EPOLL_CTL_DEL, target, w[k].m.number, &e);
				control(set, EPOLL_CTL_ADD, target, w[k].m.number, &e);
			} else {
				control(set, EPOLL_CTL_MOD, target, w[k].m.number, &e);
			}
		}
	}
}

/* Reports carry nothing but the data: whether it tells the watches of a set apart. */
static bool distinct(const struct watch *w, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < i; k++)
			if (w[i].m.data == w[k].m.data)
				return false;
	return true;
}

static size_t set_size(const watches *all, size_t first)
{
	size_t n = 1;

	while (first + n < all->n && all->v[first + n].m.description == all->v[first].m.description)
		n++;
	return n;
}

/*
 * An edge-triggered watch that is added again reports what has been reported before. So find out
 * whose last edge was taken: all of a set, if it has nothing to report. True if it is to be asked.
 */
static bool look_at_set(const struct cr_save *s, const watches *all, size_t first, size_t n)
{
	struct watch *w = &all->v[first];
	struct pollfd p = { cr_description_noted(s, w->m.description)->fd, POLLIN, 0 };
	size_t i, edges = 0;

	for (i = 0; i < n; i++)
		edges += edge(&w[i]);
	if (!edges || n > 1024 || !s->writer || !epoll_may_ask(s, all, w->m.description))
		return false;
	if (poll(&p, 1, 0))
		return distinct(w, n);
	for (i = 0; i < n; i++)
		w[i].m.quiet = edge(&w[i]);
	return false;
}

/* One process asks all sets that have to be. */
static void ask_sets(const struct cr_save *s, watches *all)
{
	bool *pending =
		mmap(NULL, all->n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	size_t i, n;
	pid_t pid;

	if (pending == MAP_FAILED)
		return;
	pid = fork();
	if (!pid) {
		for (i = 0; i < all->n; i += n) {
			struct watch *w = &all->v[i];

			n = set_size(all, i);
			if (w->ask)
				epoll_take_and_put_back(
					s, w, n, cr_description_noted(s, w->m.description)->fd,
					pending + i);
		}
		_exit(0);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !status)
		for (i = 0; i < all->n; i++)
			if (all->v[i].ask)
				all->v[i].m.quiet = edge(&all->v[i]) && !pending[i];
	munmap(pending, all->n);
}

static int epoll_finish(struct cr_save *s, struct cr_err *err)
{
	watches *all = s->state[cairn_ObjectKind_OBJECT_EPOLL];
	bool any = false, ask;
	size_t i, k, n;
	int ret;

	if (!all)
		return 0;
	ret = find_targets(s, all, err);
	for (i = 0; i < all->n && !ret; i += n) {
		n = set_size(all, i);
		ask = look_at_set(s, all, i, n);
		for (k = i; k < i + n; k++)
			all->v[k].ask = ask;
		any |= ask;
	}
	if (any)
		ask_sets(s, all);
	for (i = 0; i < all->n && !ret; i++)
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_EPOLL_WATCH, &all->v[i].m,
				      err);
	return ret;
}

/* ---- restore ---- */

static int epoll_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	struct params params = { d->event.busy_poll_usecs, d->event.busy_poll_budget,
				 d->event.busy_poll_prefer, 0 };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd >= 0 && (params.usecs || params.prefer))
		ioctl(fd, SET_PARAMS, &params);
	return cr_restored_anon(fd, d, "an epoll set", err);
}

static int epoll_add(struct cr_restore *r, int set, const cairn_EpollWatch *w, uint32_t events,
		     const struct cr_process_image *p, struct cr_err *err)
{
	struct epoll_event e = { events, { .u64 = w->data } };
	int i = cr_description_index(r->img, w->target), fd, ret;

	fd = i >= 0 && p ? cr_object_take(r, i, err) : cr_restored_fd(r, w->target, err);
	if (fd < 0)
		return fd;
	ret = control(set, EPOLL_CTL_ADD, fd, w->number, &e);
	/* Where a terminal or pipe was there may now be a file, which is always ready. */
	if (ret == -EPERM && r->img->descriptions.v[i].kind == cairn_ObjectKind_OBJECT_STDIO)
		return 0;
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret, "cannot watch fd %d by epoll again",
			       w->number);
	return 0;
}

/* Takes all that the set reports; how many. */
static int epoll_drain(int set)
{
	struct epoll_event got[64];
	int n, all = 0;

	while ((n = epoll_wait(set, got, CR_ARRAY_SIZE(got), 0)) > 0)
		all += n;
	return all;
}

/* A one-shot watch that has fired: make it fire again, if it will. */
static int add_fired(struct cr_restore *r, int set, const cairn_EpollWatch *w,
		     const struct cr_process_image *p, struct cr_err *err)
{
	struct epoll_event e = { w->events, { .u64 = w->data } };
	int ret = epoll_add(r, set, w, w->events | ANYTHING, p, err);

	if (ret || epoll_drain(set))
		return ret;
	/* Its file is not ready for anything. An error or a hangup will still be reported. */
	ret = control(set, EPOLL_CTL_MOD, cr_restored_fd(r, w->target, err), w->number, &e);
	return ret == -ENOENT ? 0 : ret;
}

/* In this order: what is taken at once must not meet what shall stay. */
enum { QUIET, FIRED, WAITING };

static int kind_of(const cairn_EpollWatch *w)
{
	if (w->quiet)
		return QUIET;
	return w->events & EPOLLONESHOT && !(w->events & ~PRIVATE_BITS) ? FIRED : WAITING;
}

static int epoll_settle(struct cr_restore *r, const cairn_Description *d, int fd,
			const struct cr_process_image *p, struct cr_err *err)
{
	int kind, ret = 0;
	size_t i;

	for (kind = QUIET; kind <= WAITING; kind++) {
		for (i = 0; i < r->img->epoll_watches.n && !ret; i++) {
			const cairn_EpollWatch *w = &r->img->epoll_watches.v[i];

			if (w->description != d->id || kind_of(w) != kind)
				continue;
			ret = kind == FIRED ? add_fired(r, fd, w, p, err) :
					      epoll_add(r, fd, w, w->events, p, err);
		}
		if (kind == QUIET)
			epoll_drain(fd);
	}
	return ret;
}

const struct cr_object cr_object_epoll = {
	.shape = &cr_shape_epoll,
	.save = epoll_save,
	.restore = epoll_restore,
	.finish = epoll_finish,
	.settle = epoll_settle,
	.free_save = epoll_free_save,
};
