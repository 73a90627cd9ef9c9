// SPDX-License-Identifier: Apache-2.0
//
// What can be known before anything is made: the CPU, the programs and libraries that the image
// names instead of storing, unused bytes of the pack. A restart stops at the first obstacle,
// --check collects all (examine.c). Hosted code; changes nothing.
#include <errno.h>
#include <stdlib.h>

#include "arch/x86_64/baseline.h"
#include "arch/x86_64/cpu.h"
#include "common/contents.h"
#include "common/image.h"
#include "common/image_read.h"
#include "common/needs.h"
#include "common/proc.h"
#include "common/runtime.h"
#include "restart/check.h"

/* PID_MAX_LIMIT of the kernel */
#define HIGHEST_PID (1 << 22)

int cr_obstacle(cr_obstacles *to, const char *kind, const struct cr_err *err)
{
	struct cr_obstacle *o;

	if (!err->status)
		return 0;
	o = cr_list_add(&to->list);
	if (o)
		*o = (struct cr_obstacle){ .kind = kind, .prevents = true, .err = *err };
	return to->all ? 0 : -EIO;
}

static int check_named(const struct cr_need *f, bool allow_changed, cr_obstacles *to)
{
	static const char *const kinds[] = { "program", "library" };
	struct cr_err err = { 0 };

	errno = 0;
	switch (f->packed ? CR_NEED_SAME : cr_need_look(f)) {
	case CR_NEED_MISSING:
		cr_fail(&err, CR_EXIT_CHANGED, errno,
			"%s, which process %d maps, is missing (put it back, or checkpoint with "
			"--pack-files)",
			f->path, f->pid);
		break;
	case CR_NEED_TOUCHED:
		if (!allow_changed)
			cr_fail(&err, CR_EXIT_CHANGED, 0,
				"%s, which process %d maps, has the build-id that it had at the "
				"checkpoint but another time of change (if it is only a copy, give "
				"--allow-changed)",
				f->path, f->pid);
		break;
	case CR_NEED_DIFFERENT:
		cr_fail(&err, CR_EXIT_CHANGED, 0,
			"%s, which process %d maps, is not the file that it was at the checkpoint "
			"(put it back, or checkpoint with --pack-files)",
			f->path, f->pid);
		break;
	case CR_NEED_SAME:
		break;
	}
	return cr_obstacle(to, kinds[f->kind], &err);
}

static int check_check_files(const struct cr_image *img, bool allow_changed, cr_obstacles *to)
{
	struct cr_err err = { 0 };
	cr_needs needs;
	size_t i;
	int ret = 0;

	if (cr_needs_of(img, &needs, &err))
		return cr_obstacle(to, "image", &err);
	for (i = 0; i < needs.n && !ret; i++)
		ret = check_named(&needs.v[i], allow_changed, to);
	free(needs.v);
	return ret;
}

static int check_cpu(const struct cr_image *img, cr_obstacles *to)
{
	struct cr_err err = { 0 };
	cairn_CpuFeatures cpu;

	cr_cpu_read(&cpu);
	cr_cpu_check(&img->manifest.cpu, &cpu, &err);
	return cr_obstacle(to, "cpu", &err);
}

/* ---- the pack: what no checksum covers must be zero ---- */

struct damage {
	const struct cr_image *img;
	cr_obstacles *to;
};

static int check_damaged(void *arg, const struct cr_content *c, uint64_t offset, uint64_t size,
			 const char *what)
{
	const struct damage *d = arg;
	struct cr_err err = { 0 };

	cr_image_damaged(d->img, &err, offset, size, what);
	return cr_obstacle(d->to, "image", &err);
}

int cr_check_pack(const struct cr_image *img, bool contents, cr_obstacles *to)
{
	struct damage damage = { img, to };
	struct cr_contents_report report = { .damaged = check_damaged, .arg = &damage };
	struct cr_err err = { 0 };
	cr_contents list;
	int ret;

	if (cr_contents_of(img, &list, &err))
		return cr_obstacle(to, "image", &err);
	ret = cr_contents_gaps(img, &list, &report);
	if (!ret && contents)
		ret = cr_contents_check(img, &list, &report);
	free(list.v);
	return ret;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* The shepherd's, each process's and each thread's; none of a process twice. */
static int all_ids(const struct cr_image *img, cr_pids *out)
{
	size_t i, k;
	int ret = cr_pids_add(out, img->job.shepherd_pid);

	for (i = 0; i < img->processes.n; i++) {
		const struct cr_process_image *p = &img->processes.v[i];

		ret |= cr_pids_add(out, p->process.pid);
		for (k = 0; k < p->threads.n; k++)
			if (p->threads.v[k].tid != p->process.pid)
				ret |= cr_pids_add(out, p->threads.v[k].tid);
	}
	return ret;
}

/* Those that are named by them. */
static int all_relations(const struct cr_image *img, cr_pids *out)
{
	int ret =
		cr_pids_add(out, img->job.shepherd_pgid) | cr_pids_add(out, img->job.shepherd_sid);
	size_t i;

	for (i = 0; i < img->processes.n; i++) {
		const cairn_Process *p = &img->processes.v[i].process;

		ret |= cr_pids_add(out, p->ppid) | cr_pids_add(out, p->pgid) |
		       cr_pids_add(out, p->sid);
	}
	return ret;
}

/* That no id is below the lowest or what no kernel gives, and if each is somebody's own, that. */
static int check_range(const struct cr_image *img, const cr_pids *ids, pid_t lowest, bool own,
		       struct cr_err *err)
{
	size_t i;

	for (i = 0; i < ids->n; i++) {
		pid_t id = ids->v[i];

		if (id < lowest || id >= HIGHEST_PID)
			return cr_fail(err, CR_EXIT_DAMAGED, 0,
				       "%s has a process or thread with the id %d, which there "
				       "cannot be",
				       img->path, id);
		if (own && i && id == ids->v[i - 1])
			return cr_fail(err, CR_EXIT_DAMAGED, 0,
				       "%s has two processes or threads with the id %d", img->path,
				       id);
	}
	return 0;
}

static int check_ids(const struct cr_image *img, struct cr_err *err)
{
	cr_pids ids = { 0 }, relations = { 0 };
	int ret;

	if (all_ids(img, &ids) || all_relations(img, &relations)) {
		ret = cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "checking %s", img->path);
	} else {
		qsort(ids.v, ids.n, sizeof(*ids.v), by_number);
		ret = check_range(img, &ids, 1, true, err);
		/* 0 is outside of the job's namespace. */
		if (!ret)
			ret = check_range(img, &relations, 0, false, err);
	}
	free(ids.v);
	free(relations.v);
	return ret;
}

/* That there is a job, and each in it is somebody. */
static int check_job(const struct cr_image *img, cr_obstacles *to)
{
	struct cr_err err = { 0 };

	if (!img->processes.n)
		cr_fail(&err, CR_EXIT_DAMAGED, 0, "%s has no process", img->path);
	else if (cr_name_check(img->job.name, &err))
		err.status = CR_EXIT_DAMAGED;
	else
		check_ids(img, &err);
	return cr_obstacle(to, "image", &err);
}

int cr_check_image(const struct cr_image *img, bool allow_changed, bool contents, cr_obstacles *to)
{
	int ret = check_job(img, to);

	/* Of such an image nothing else can be told. */
	if (!img->processes.n)
		return ret;
	if (!ret)
		ret = check_cpu(img, to);
	if (!ret)
		ret = check_check_files(img, allow_changed, to);
	return ret ? ret : cr_check_pack(img, contents, to);
}

/* The first of those that were found. */
static int first(cr_obstacles *found, struct cr_err *err)
{
	if (found->list.n)
		*err = found->list.v[0].err;
	free(found->list.v);
	return err->status ? -EIO : 0;
}

int cr_restart_cpu(struct cr_image *img, const char *ignored, struct cr_err *err)
{
	cr_baseline_cap(&img->manifest.cpu, img->job.cpu_baseline);
	return cr_cpu_without(&img->manifest.cpu, ignored, err);
}

int cr_restart_check(const struct cr_image *img, bool allow_changed, struct cr_err *err)
{
	cr_obstacles found = { 0 };

	if (cr_check_image(img, allow_changed, false, &found) && !found.list.n)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "checking %s", img->path);
	return first(&found, err);
}

int cr_pack_check(const struct cr_image *img, struct cr_err *err)
{
	cr_obstacles found = { 0 };

	if (cr_check_pack(img, false, &found) && !found.list.n)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "checking %s", img->path);
	return first(&found, err);
}
