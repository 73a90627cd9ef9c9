// SPDX-License-Identifier: Apache-2.0
//
// userfaultfd: made by its process itself, as it belongs to an address space, and told the ranges
// again when these are at their places (restart/plan.c). Pages that are missing stay missing; a
// thread that waits for one asks for it once more. Only of one process, which has only one.
#include "objects/event/uffd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/image_write.h"
#include "common/proc.h"
#include "objects/core/fdinfo.h"
#include "objects/core/save.h"
#include "objects/shape/shape.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
/* The kernel's own mark that the handshake was done. */
#define INITIALIZED (1u << 31)
#define PAGEMAP_WP (1ull << 57)

typedef CR_LIST(cairn_UffdRange) ranges;

void cr_uffd_answer(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	char link[64];
	struct uffd_msg m;

	cr_fd_link(fd, link, sizeof(link));
	if (strcmp(link, "anon_inode:[userfaultfd]"))
		return;
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (read(fd, &m, sizeof(m)) == sizeof(m))
		if (m.event == UFFD_EVENT_FORK)
			close(m.arg.fork.ufd);
	fcntl(fd, F_SETFL, flags);
}

static int uffd_refuse(pid_t pid, int number, const char *why, struct cr_err *err)
{
	return cr_fail(
		err, CR_EXIT_UNSUPPORTED, 0,
		"process %d has a userfaultfd (fd %d), which cannot be saved, since %s; the job "
		"goes on",
		pid, number, why);
}

static int uffd_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		     struct cr_err *err)
{
	cr_auto_free char *text = NULL;
	uint64_t api;
	char *colon;

	if (cr_fdinfo(v->fd, &text) || !cr_fdinfo_number(text, "API:", 16, &api))
		return cr_fdinfo_fail(v, "userfaultfd", err);
	colon = strchr(strstr(text, "API:") + 4, ':');
	d->event.features = colon ? strtoul(colon + 1, NULL, 16) : 0;
	d->has_event = true;
	return 0;
}

static int uffd_add(ranges *all, pid_t pid, int number, uint64_t start, uint64_t end, uint32_t mode)
{
	cairn_UffdRange *r = cr_list_add(all);

	if (!r)
		return -ENOMEM;
	*r = (cairn_UffdRange){
		.pid = pid, .number = number, .start = start, .end = end, .mode = mode
	};
	return 0;
}

/* Pages that are write-protected now; mode 0 stands for that. */
static int add_protected(ranges *all, pid_t pid, int number, const struct cr_map *v)
{
	uint64_t entries[512], at, from = 0, i, n;
	cr_auto_fd fd = -1;
	char path[64];
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (at = v->start; at < v->end && !ret; at += n * CR_PAGE) {
		n = (v->end - at) / CR_PAGE < 512 ? (v->end - at) / CR_PAGE : 512;
		if (fd < 0 || cr_read_at(fd, entries, n * 8, at / CR_PAGE * 8))
			return -EIO;
		for (i = 0; i < n && !ret; i++) {
			bool wp = entries[i] & PAGEMAP_WP;

			if (wp && !from)
				from = at + i * CR_PAGE;
			if (!wp && from)
				ret = uffd_add(all, pid, number, from, at + i * CR_PAGE, 0);
			if (!wp)
				from = 0;
		}
	}
	return ret || !from ? ret : uffd_add(all, pid, number, from, v->end, 0);
}

static int find_ranges(ranges *all, pid_t pid, int number, struct cr_err *err)
{
	struct cr_maps maps;
	size_t i;
	int ret = cr_proc_maps(pid, true, &maps);

	for (i = 0; i < maps.n && !ret; i++) {
		const struct cr_map *v = &maps.v[i];
		uint32_t mode = (v->uffd_missing ? UFFDIO_REGISTER_MODE_MISSING : 0) |
				(v->uffd_wp ? UFFDIO_REGISTER_MODE_WP : 0) |
				(v->uffd_minor ? UFFDIO_REGISTER_MODE_MINOR : 0);

		if (mode)
			ret = uffd_add(all, pid, number, v->start, v->end, mode);
		if (!ret && v->uffd_wp)
			ret = add_protected(all, pid, number, v);
	}
	cr_maps_free(&maps);
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret, "ranges of a userfaultfd") : 0;
}

static int uffd_finish(struct cr_save *s, struct cr_err *err)
{
	void **state = &s->state[cairn_ObjectKind_OBJECT_USERFAULTFD];
	const struct cr_holder *last = NULL;
	ranges *all;
	size_t i;
	int ret = 0;

	for (i = 0; i < s->holders.n && !ret; i++) {
		const struct cr_holder *h = &s->holders.v[i];
		const struct cr_saved_description *d = cr_description_noted(s, h->description);

		if (d->m.kind != cairn_ObjectKind_OBJECT_USERFAULTFD)
			continue;
		if (last && last->description == h->description && last->pid == h->pid)
			continue;
		if (last && last->description == h->description)
			return uffd_refuse(h->pid, h->number, "another process has it too", err);
		if (last && last->pid == h->pid)
			return uffd_refuse(h->pid, h->number, "the process has another one", err);
		last = h;
		all = *state ? *state : (*state = calloc(1, sizeof(*all)));
		ret = all ? find_ranges(all, h->pid, h->number, err) : -ENOMEM;
	}
	all = *state;
	for (i = 0; all && i < all->n && !ret; i++)
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_UFFD_RANGE, &all->v[i],
				      err);
	return ret;
}

bool cr_uffd_covers(const struct cr_save *s, pid_t pid, uint64_t start)
{
	const ranges *all = s->state[cairn_ObjectKind_OBJECT_USERFAULTFD];
	size_t i;

	for (i = 0; all && i < all->n; i++)
		if (all->v[i].pid == pid && all->v[i].mode && all->v[i].start <= start &&
		    start < all->v[i].end)
			return true;
	return false;
}

static void uffd_free_save(struct cr_save *s)
{
	ranges *all = s->state[cairn_ObjectKind_OBJECT_USERFAULTFD];

	if (all)
		free(all->v);
	free(all);
	s->state[cairn_ObjectKind_OBJECT_USERFAULTFD] = NULL;
}

static int uffd_make(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	/* Without privilege, those of user mode only. */
	return fd < 0 ? syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY) : fd;
}

static int uffd_examine(const struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	cr_auto_fd fd = uffd_make();

	if (fd >= 0)
		return 0;
	return cr_fail(err, CR_EXIT_CHANGED, 0,
		       "this kernel does not let the job have userfaultfd (use a node whose kernel "
		       "does)");
}

static int uffd_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	struct uffdio_api api = { .api = UFFD_API, .features = d->event.features & ~INITIALIZED };
	int fd = uffd_make();

	if (fd >= 0 && d->event.features & INITIALIZED && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		fd = -1;
	}
	return cr_restored_anon(fd, d, "a userfaultfd", err);
}

const struct cr_object cr_object_userfaultfd = {
	.shape = &cr_shape_userfaultfd,
	.when = CR_OWN,
	.save = uffd_save,
	.restore = uffd_restore,
	.examine = uffd_examine,
	.lacks = "kernel",
	.finish = uffd_finish,
	.free_save = uffd_free_save,
};
