// SPDX-License-Identifier: Apache-2.0
//
// What can be known before anything is made: the CPU, the programs and libraries that the image
// names instead of storing, unused bytes of the pack. Hosted code; changes nothing.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/x86_64/cpu.h"
#include "common/elf_id.h"
#include "restart/restart.h"

struct named {
	const char *path;
	uint64_t size;
	int64_t mtime_ns;
	const uint8_t *build_id;
	size_t build_id_len;
	int pid;
	bool writable; /* shared and written by the job: its content is another matter */
};

static bool same_build(const struct named *f)
{
	struct cr_elf_info elf;
	cr_auto_fd fd = open(f->path, O_RDONLY | O_CLOEXEC);

	return f->build_id_len && fd >= 0 && !cr_elf_read(fd, &elf) &&
	       elf.build_id_len == f->build_id_len &&
	       !memcmp(elf.build_id, f->build_id, f->build_id_len);
}

static int check_named(const struct named *f, bool allow_changed, struct cr_err *err)
{
	struct stat st;

	if (stat(f->path, &st))
		return cr_fail(
			err, CR_EXIT_CHANGED, errno,
			"%s, which process %d maps, is missing (put it back, or checkpoint with "
			"--pack-files)",
			f->path, f->pid);
	if (f->writable)
		return 0;
	if ((uint64_t)st.st_size == f->size &&
	    st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec == f->mtime_ns)
		return 0;
	/* A copy of the same build has other times; that its bytes are the same is not proved. */
	if ((uint64_t)st.st_size == f->size && same_build(f)) {
		if (allow_changed)
			return 0;
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "%s, which process %d maps, has the build-id that it had at the "
			       "checkpoint but another time of change (if it is only a copy, give "
			       "--allow-changed)",
			       f->path, f->pid);
	}
	return cr_fail(
		err, CR_EXIT_CHANGED, 0,
		"%s, which process %d maps, is not the file that it was at the checkpoint (put "
		"it back, or checkpoint with --pack-files)",
		f->path, f->pid);
}

/* With --pack-files a job can do without its program; only /proc/self/exe is then another. */
static bool exe_packed(const struct cr_process_image *p)
{
	size_t i;

	for (i = 0; i < p->vmas.n; i++)
		if (p->vmas.v[i].packed && !strcmp(p->vmas.v[i].path, p->process.exe))
			return true;
	return false;
}

static int check_files(const struct cr_image *img, bool allow_changed, struct cr_err *err)
{
	struct named last = { .path = "" };
	size_t i, k;
	int ret;

	for (i = 0; i < img->processes.n; i++) {
		const struct cr_process_image *p = &img->processes.v[i];
		const cairn_Process *m = &p->process;
		struct named exe = { m->exe,
				     m->exe_size,
				     m->exe_mtime_ns,
				     m->exe_build_id.bytes,
				     m->exe_build_id.size,
				     m->pid,
				     false };

		if (m->zombie)
			continue;
		ret = exe_packed(p) ? 0 : check_named(&exe, allow_changed, err);
		for (k = 0; k < p->vmas.n && !ret; k++) {
			const cairn_Vma *v = &p->vmas.v[k];
			struct named f = { v->path,	      v->size,		v->mtime_ns,
					   v->build_id.bytes, v->build_id.size, m->pid,
					   v->shared };

			if (v->kind != cairn_VmaKind_VMA_FILE || v->packed ||
			    cr_inode_index(img, v->dev, v->inode) >= 0)
				continue;
			/* The segments of one library follow each other. */
			if (strcmp(f.path, last.path) || f.size != last.size ||
			    f.mtime_ns != last.mtime_ns)
				ret = check_named(&f, allow_changed, err);
			last = f;
		}
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- the pack: what no checksum covers must be zero ---- */

static int by_offset(const void *a, const void *b)
{
	const cairn_Blob *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

typedef CR_LIST(cairn_Blob) cr_blobs;

static void add(cr_blobs *list, uint64_t offset, uint64_t size)
{
	cairn_Blob *b = size ? cr_list_add(list) : NULL;

	if (b)
		*b = (cairn_Blob){ .offset = offset, .size = size };
}

static void add_runs(cr_blobs *list, const cairn_PageRun *runs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (runs[i].codec < cairn_Codec_CODEC_ZERO)
			add(list, runs[i].offset, runs[i].stored);
}

static int check_gap(const struct cr_image *img, uint64_t from, uint64_t to, struct cr_err *err)
{
	char buf[CR_PAGE];
	uint64_t i, n;

	for (; from < to; from += n) {
		n = to - from < sizeof(buf) ? to - from : sizeof(buf);
		if (cr_read_at(img->pack, buf, n, from))
			return cr_image_damaged(img, err, from, n, "unreadable");
		for (i = 0; i < n; i++)
			if (buf[i])
				return cr_image_damaged(img, err, from + i, 1, "unused byte set");
	}
	return 0;
}

int cr_pack_check(const struct cr_image *img, struct cr_err *err)
{
	cr_blobs list = { 0 };
	uint64_t at = 0;
	size_t i;
	int ret = 0;

	for (i = 0; i < img->processes.n; i++)
		add_runs(&list, img->processes.v[i].runs.v, img->processes.v[i].runs.n);
	for (i = 0; i < img->shared.n; i++)
		add_runs(&list, img->shared.v[i].runs.v, img->shared.v[i].runs.n);
	for (i = 0; i < img->blobs.n; i++)
		add(&list, img->blobs.v[i].offset, img->blobs.v[i].size);
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), by_offset);
	for (i = 0; i < list.n && !ret; i++) {
		if (list.v[i].offset > at)
			ret = check_gap(img, at, list.v[i].offset, err);
		if (list.v[i].offset + list.v[i].size > at)
			at = list.v[i].offset + list.v[i].size;
	}
	free(list.v);
	return ret ? ret : check_gap(img, at, img->manifest.files[1].size, err);
}

int cr_restart_check(const struct cr_image *img, bool allow_changed, struct cr_err *err)
{
	cairn_CpuFeatures cpu;
	int ret;

	if (!img->processes.n)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "%s has no process", img->path);
	cr_cpu_read(&cpu);
	ret = cr_cpu_check(&img->manifest.cpu, &cpu, err);
	if (!ret)
		ret = check_files(img, allow_changed, err);
	return ret ? ret : cr_pack_check(img, err);
}

int cr_agent_check(struct cr_restart *r, struct cr_err *err)
{
	int ret = cr_restart_change(r, err);

	if (!ret)
		ret = cr_restart_check(&r->img, r->sh->options.allow_changed, err);
	return ret ? ret : cr_image_share(&r->img, err);
}
