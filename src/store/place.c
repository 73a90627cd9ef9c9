// SPDX-License-Identifier: Apache-2.0
//
// Names and owners: STORE/NAME.JOB/MEMBER and what lies in there. The store's folder is ours, what
// is below a job's folder is its user's, who may plant anything there: so a thread of root's takes
// the user's rights for files (setfsuid, which is of one thread alone) before it goes deeper, never
// follows a link, and never waits at a FIFO.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <xxh_x86dispatch.h>

#include "common/err.h"
#include "common/image.h"
#include "common/image_read.h"
#include "common/runtime.h"
#include "store/internal.h"
#include "store/place.h"

#define MANIFEST_MAX (64 << 10)

int cr_as_user(uint32_t uid, uint32_t gid)
{
	if (geteuid())
		return uid == geteuid() ? 0 : -EPERM;
	setfsgid(gid);
	setfsuid(uid);
	return (uint32_t)setfsuid(-1) == uid ? 0 : -EPERM;
}

void cr_as_self(void)
{
	if (geteuid())
		return;
	setfsuid(0);
	setfsgid(getegid());
}

/* ---- names ---- */

static const char *const endings[CR_FORMS] = {
	[CR_FORM_COMPLETE] = "", [CR_FORM_WRITING] = ".tmp",	 [CR_FORM_PART] = ".part",
	[CR_FORM_OLD] = ".old",	 [CR_FORM_DAMAGED] = ".damaged",
};

struct cr_form_name cr_form_name(enum cr_image_form form, uint32_t number)
{
	struct cr_form_name n;

	snprintf(n.text, sizeof(n.text), "%s%06u%s", form == CR_FORM_COMPLETE ? "" : ".", number,
		 endings[form]);
	return n;
}

enum cr_image_form cr_form_of(const char *name, uint32_t *number)
{
	unsigned long n = strtoul(name + (*name == '.'), NULL, 10);
	int form;

	if (!n || n > UINT32_MAX)
		return CR_FORM_NONE;
	for (form = CR_FORM_COMPLETE; form < CR_FORMS; form++) {
		if (strcmp(cr_form_name(form, n).text, name))
			continue;
		*number = n;
		return form;
	}
	return CR_FORM_NONE;
}

/* The job in NAME.JOB, 0 if it is none. */
static uint64_t job_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	char text[24];
	uint64_t job;

	if (!dot || dot == name || *name == '.')
		return 0;
	job = strtoull(dot + 1, NULL, 10);
	snprintf(text, sizeof(text), "%" PRIu64, job);
	return strcmp(text, dot + 1) ? 0 : job;
}

static bool place_find_job(struct cr_store *s, uint64_t job, char name[256])
{
	cr_auto_dir *d = cr_open_dir(s->dir, ".");
	struct dirent *e;
	bool found = false;

	while (!found && (e = cr_next_entry(d))) {
		found = job_of(e->d_name) == job;
		if (found)
			snprintf(name, 256, "%s", e->d_name);
	}
	return found;
}

/* ---- folders ---- */

static int place_open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Into a job's folder, as its owner; *p knows name and path then, but no member. */
static int enter_job(struct cr_store *s, const char *name, struct cr_place *p, struct cr_err *err)
{
	int job = place_open_dir(s->dir, name), ret;
	struct stat st;

	memset(p, 0, sizeof(*p));
	p->dir = -1;
	if (job < 0)
		return cr_fail(err, CR_EXIT_IO, -job, "cannot open %s/%s", s->path, name);
	if (fstat(job, &st)) {
		close(job);
		return cr_fail(err, CR_EXIT_IO, errno, "%s/%s", s->path, name);
	}
	p->uid = st.st_uid;
	p->gid = st.st_gid;
	snprintf(p->name, sizeof(p->name), "%.*s", (int)(strrchr(name, '.') - name), name);
	snprintf(p->path, sizeof(p->path), "%.3000s/%s", s->path, name);
	ret = cr_as_user(p->uid, p->gid);
	if (ret) {
		close(job);
		return cr_fail(err, CR_EXIT_PERMISSION, EPERM, "%s belongs to user %u", p->path,
			       p->uid);
	}
	return job;
}

static int enter_member(int job, uint32_t member, struct cr_place *p)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", member);
	snprintf(p->path + strlen(p->path), sizeof(p->path) - strlen(p->path), "/%s", name);
	p->dir = place_open_dir(job, name);
	return p->dir < 0 ? p->dir : 0;
}

int cr_place_open(struct cr_store *s, uint64_t job, uint32_t member, struct cr_place *p,
		  struct cr_err *err)
{
	char name[256];
	int fd, ret;

	p->dir = -1;
	if (!place_find_job(s, job, name))
		return -ENOENT;
	fd = enter_job(s, name, p, err);
	if (fd < 0)
		return fd;
	ret = enter_member(fd, member, p);
	close(fd);
	if (ret)
		cr_as_self();
	if (ret && ret != -ENOENT)
		cr_fail(err, CR_EXIT_IO, -ret, "cannot open %s", p->path);
	return ret;
}

void cr_place_close(struct cr_place *p)
{
	if (p->dir >= 0)
		close(p->dir);
	p->dir = -1;
	cr_as_self();
}

int cr_place_sync(struct cr_store *s, const struct cr_place *p)
{
	cr_auto_fd job = place_open_dir(p->dir, "..");

	return job < 0 || fsync(job) || fsync(s->dir) ? -errno : 0;
}

/* The job's folder, made as root and given to the user. Not synced: the loop does not wait. */
static int make_job(struct cr_store *s, const char *name, uint32_t uid, uint32_t gid)
{
	int fd, ret = 0;

	if (mkdirat(s->dir, name, 0700))
		return errno == EEXIST ? 0 : -errno;
	fd = place_open_dir(s->dir, name);
	if (fd < 0)
		return fd;
	if (s->root && fchown(fd, uid, gid))
		ret = -errno;
	close(fd);
	return ret;
}

static int make_member(struct cr_store *s, int job, uint32_t member, struct cr_place *p)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", member);
	if (mkdirat(job, name, 0700) && errno != EEXIST)
		return -errno;
	return enter_member(job, member, p);
}

int cr_place_make(struct cr_store *s, uint64_t job, const char *name, uint32_t member, uint32_t uid,
		  uint32_t gid, struct cr_place *p, struct cr_err *err)
{
	char folder[256];
	int fd, ret;

	p->dir = -1;
	if (cr_name_check(name, err))
		return -EINVAL;
	if (*name == '.')
		return cr_fail(err, CR_EXIT_USAGE, EINVAL, "%s: no name of a job", name);
	if (!s->root && uid != geteuid())
		return cr_fail(err, CR_EXIT_PERMISSION, EPERM,
			       "%s runs as user %u and keeps no images of user %u", s->node,
			       geteuid(), uid);
	if (!place_find_job(s, job, folder)) {
		snprintf(folder, sizeof(folder), "%s.%" PRIu64, name, job);
		ret = make_job(s, folder, uid, gid);
		if (ret)
			return cr_fail(err, CR_EXIT_IO, -ret, "cannot make %s/%s", s->path, folder);
	}
	fd = enter_job(s, folder, p, err);
	if (fd < 0)
		return fd;
	if (p->uid != uid) {
		ret = cr_fail(err, CR_EXIT_PERMISSION, EPERM, "%s belongs to user %u, not %u",
			      p->path, p->uid, uid);
	} else {
		ret = make_member(s, fd, member, p);
		if (ret)
			cr_fail(err, CR_EXIT_IO, -ret, "cannot make %s", p->path);
	}
	close(fd);
	if (ret)
		cr_as_self();
	return ret;
}

static bool each_member(struct cr_store *s, int job, uint64_t id, struct cr_place *p,
			bool (*fn)(struct cr_store *s, uint64_t job, uint32_t member,
				   struct cr_place *p, void *arg),
			void *arg)
{
	size_t len = strlen(p->path);
	cr_auto_dir *d = cr_open_dir(job, ".");
	struct dirent *e;
	bool stop = false;

	while (!stop && !s->closing && (e = cr_next_entry(d))) {
		unsigned long member = strtoul(e->d_name, NULL, 10);
		char name[24];

		snprintf(name, sizeof(name), "%lu", member);
		if (strcmp(name, e->d_name) || member > UINT32_MAX)
			continue;
		p->path[len] = 0;
		if (enter_member(job, member, p))
			continue;
		stop = fn(s, id, member, p, arg);
		close(p->dir);
		p->dir = -1;
	}
	return stop;
}

void cr_place_each(struct cr_store *s,
		   bool (*fn)(struct cr_store *s, uint64_t job, uint32_t member, struct cr_place *p,
			      void *arg),
		   void *arg)
{
	cr_auto_dir *d = cr_open_dir(s->dir, ".");
	struct dirent *e;
	bool stop = false;

	while (!stop && !s->closing && (e = cr_next_entry(d))) {
		uint64_t id = job_of(e->d_name);
		struct cr_place p;
		int job;

		if (!id)
			continue;
		job = enter_job(s, e->d_name, &p, NULL);
		if (job < 0)
			continue;
		stop = each_member(s, job, id, &p, fn, arg);
		cr_as_self();
		close(job);
	}
}

static int place_by_number(const void *a, const void *b)
{
	const struct cr_form_entry *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (int)x->form - (int)y->form;
}

int cr_place_list(const struct cr_place *p, cr_form_list *list)
{
	cr_auto_dir *d = cr_open_dir(p->dir, ".");
	struct cr_form_entry *to;
	struct dirent *e;
	int ret = 0;

	memset(list, 0, sizeof(*list));
	if (!d)
		return -errno;
	while (!ret && (e = cr_next_entry(d))) {
		uint32_t number;
		enum cr_image_form form = cr_form_of(e->d_name, &number);

		if (form == CR_FORM_NONE)
			continue;
		to = cr_list_add(list);
		if (to)
			*to = (struct cr_form_entry){ number, form };
		else
			ret = -ENOMEM;
	}
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), place_by_number);
	return ret;
}

/* ---- images ---- */

uint64_t cr_image_manifest_hash(int dir, char **data, size_t *len)
{
	cr_auto_fd fd = openat(dir, CR_MANIFEST, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *buf = NULL;
	uint64_t hash = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size ||
	    st.st_size > MANIFEST_MAX)
		return 0;
	buf = malloc(st.st_size);
	if (buf && !cr_read_at(fd, buf, st.st_size, 0))
		hash = XXH3_64bits(buf, st.st_size);
	if (hash && data) {
		*data = buf;
		*len = st.st_size;
		return hash;
	}
	free(buf);
	return hash;
}

cairn_HoldingState cr_image_look(const struct cr_place *p, uint32_t number, uint64_t *bytes,
				 struct cr_err *err)
{
	cr_auto_fd dir = place_open_dir(p->dir, cr_form_name(CR_FORM_COMPLETE, number).text);
	char path[CR_PATH_MAX];
	cairn_Manifest manifest;
	size_t i;

	*bytes = 0;
	if (dir < 0)
		return cairn_HoldingState_HOLDING_GONE;
	snprintf(path, sizeof(path), "%.4000s/%06u", p->path, number);
	if (cr_image_manifest(dir, path, &manifest, err)) {
		/* Without a manifest it is one that is being dropped. */
		return faccessat(dir, CR_MANIFEST, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT ?
			       cairn_HoldingState_HOLDING_GONE :
			       cairn_HoldingState_HOLDING_DAMAGED;
	}
	for (i = 0; i < manifest.files_count; i++)
		*bytes += manifest.files[i].size;
	if (!cr_image_marked(p, number))
		return cairn_HoldingState_HOLDING_COMPLETE;
	cr_fail(err, CR_EXIT_DAMAGED, 0, "%s is damaged", path);
	return cairn_HoldingState_HOLDING_DAMAGED;
}

void cr_image_remove(const struct cr_place *p, enum cr_image_form form, uint32_t number)
{
	static const char *const files[] = { CR_MANIFEST, CR_STATE, CR_PACK };
	struct cr_form_name name = cr_form_name(form, number);
	int dir = place_open_dir(p->dir, name.text);
	size_t i;

	if (dir < 0)
		return;
	for (i = 0; i < CR_ARRAY_SIZE(files); i++)
		if (!unlinkat(dir, files[i], 0) && !i)
			fsync(dir);
	close(dir);
	unlinkat(p->dir, name.text, AT_REMOVEDIR);
}

bool cr_image_marked(const struct cr_place *p, uint32_t number)
{
	return !faccessat(p->dir, cr_form_name(CR_FORM_DAMAGED, number).text, F_OK,
			  AT_SYMLINK_NOFOLLOW);
}

void cr_image_mark(const struct cr_place *p, uint32_t number, bool damaged)
{
	struct cr_form_name name = cr_form_name(CR_FORM_DAMAGED, number);
	int fd;

	if (!damaged) {
		unlinkat(p->dir, name.text, 0);
		return;
	}
	fd = openat(p->dir, name.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}
