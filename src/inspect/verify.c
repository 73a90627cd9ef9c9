// SPDX-License-Identifier: Apache-2.0
//
// crimage verify: whether every byte of a checkpoint is what was written, and whether this node has
// what it names. All that is wrong is told, one line each; the exit status is that of the worst:
// 103 for damage, 104 for files that are missing or different.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "common/contents.h"
#include "common/image.h"
#include "common/image_format.h"
#include "common/json.h"
#include "common/progress.h"
#include "inspect/inspect_criu.h"
#include "inspect/inspect.h"
#include "inspect/verify.h"
#include "objects/shape/text.h"

/* Folders below a folder of checkpoints: store, job, member. */
#define DEPTH 4

struct verifying {
	struct cr_inspect *in;
	const struct cr_image *img; /* that is being read */
	struct cr_json *j; /* NULL: lines */
	size_t images, damaged; /* images */
	size_t places; /* damaged ones, of this image */
	size_t missing; /* files of this node that are missing or different, of all images */
	size_t files, lacking; /* that this image names, and those of them */
	struct cr_progress progress;
	uint64_t read, to_read; /* bytes */
};

static void verify_tell(struct verifying *v, const char *what, const char *state, const char *text)
{
	cr_progress_clear(&v->progress);
	if (v->j) {
		cr_json_object(v->j, NULL);
		cr_json_text(v->j, "what", what);
		cr_json_text(v->j, "state", state);
		cr_json_text(v->j, "text", text);
		cr_json_end(v->j);
	} else {
		cr_line("  %-10s %s%s%s", state, what, text[0] ? ": " : "", text);
	}
}

/* Of which file a piece of the pack is, if of one. */
static const char *file_of(const struct cr_image *img, uint64_t offset)
{
	size_t i, k;

	for (i = 0; i < img->extents.n; i++)
		for (k = 0; k < img->inodes.n && img->extents.v[i].blob.offset == offset; k++)
			if (img->inodes.v[k].id == img->extents.v[i].inode)
				return img->inodes.v[k].path;
	for (i = 0; i < img->archive_pieces.n; i++)
		for (k = 0;
		     k < img->archive_files.n && img->archive_pieces.v[i].blob.offset == offset;
		     k++)
			if (img->archive_files.v[k].id == img->archive_pieces.v[i].file)
				return img->archive_files.v[k].name;
	return "a queue";
}

static int damaged(void *arg, const struct cr_content *c, uint64_t offset, uint64_t size,
		   const char *what)
{
	struct verifying *v = arg;
	char text[CR_PATH_MAX + 200];

	v->places++;
	if (!c)
		snprintf(text, sizeof(text), "bytes %llu to %llu (%s)", (unsigned long long)offset,
			 (unsigned long long)(offset + size), what);
	else if (c->of == CR_CONTENT_BLOB)
		snprintf(text, sizeof(text), "bytes %llu to %llu (%s), content of %s",
			 (unsigned long long)offset, (unsigned long long)(offset + size), what,
			 file_of(v->img, offset));
	else
		snprintf(text, sizeof(text), "bytes %llu to %llu (%s), memory of %s %u at %#llx",
			 (unsigned long long)offset, (unsigned long long)(offset + size), what,
			 c->of == CR_CONTENT_PROCESS ? "process" : "object", c->id,
			 (unsigned long long)c->addr);
	verify_tell(v, CR_PACK, "damaged", text);
	return 0;
}

/* ---- records, when the reader has refused them: each that is damaged ---- */

static void check_records(struct verifying *v, const unsigned char *data, size_t size)
{
	size_t at = sizeof(struct cr_file_header);
	struct cr_record_header h;
	char text[120];

	while (at < size) {
		if (size - at < sizeof(h)) {
			snprintf(text, sizeof(text), "cut off in the record at byte %zu", at);
			verify_tell(v, CR_STATE, "damaged", text);
			return;
		}
		memcpy(&h, data + at, sizeof(h));
		if (h.length > size - at - sizeof(h)) {
			snprintf(text, sizeof(text),
				 "the record at byte %zu is longer than the file; the rest is lost",
				 at);
			verify_tell(v, CR_STATE, "damaged", text);
			return;
		}
		if (XXH3_64bits_withSeed(data + at + sizeof(h), h.length, h.type) != h.hash) {
			snprintf(text, sizeof(text), "record of type %u at byte %zu (checksum)",
				 h.type, at);
			verify_tell(v, CR_STATE, "damaged", text);
		}
		at += sizeof(h) + h.length;
	}
}

static void look_closer(struct verifying *v, const char *path)
{
	cr_auto_fd dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_auto_free char *data = NULL;
	struct stat st;
	ssize_t n;

	if (dir < 0 || fstatat(dir, CR_STATE, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) ||
	    st.st_size > 256 << 20)
		return;
	n = cr_slurp(dir, CR_STATE, &data);
	if (n > (ssize_t)sizeof(struct cr_file_header))
		check_records(v, (unsigned char *)data, n);
}

/* ---- what this node has ---- */

static void tell_file(struct verifying *v, const char *path, enum cr_need_state state, bool packed)
{
	v->files++;
	v->lacking += state == CR_NEED_DIFFERENT || state == CR_NEED_MISSING;
	verify_tell(v, path, packed ? "packed" : cr_need_state_name(state),
		    state == CR_NEED_TOUCHED ? "of another time, but the same build" : "");
}

/* CRIU asks for size and build-id of the files that a process maps or has open. */
static void verify_check_criu(struct verifying *v, const struct cr_image *img)
{
	struct cr_criu_facts c;
	size_t i;

	cr_criu_facts_read(img, &c);
	for (i = 0; i < c.files.n; i++) {
		const struct cr_criu_file *f = &c.files.v[i];
		enum cr_need_state state = cr_criu_file_look(f);

		if (!f->path || !f->needed)
			continue;
		tell_file(v, f->path, state, false);
	}
	cr_criu_facts_free(&c);
}

static int check_node(struct verifying *v, const struct cr_image *img)
{
	struct cr_err *err = &v->in->err;
	cr_needs needs;
	size_t i;

	verify_check_criu(v, img);
	if (cr_needs_of(img, &needs, err))
		return -1;
	for (i = 0; i < needs.n; i++) {
		const struct cr_need *n = &needs.v[i];
		enum cr_need_state state = n->packed ? CR_NEED_SAME : cr_need_look(n);

		tell_file(v, n->path, state, n->packed);
	}
	free(needs.v);
	return 0;
}

/* ---- one image ---- */

static void verify_begin(struct verifying *v, const char *path)
{
	v->images++;
	v->places = v->files = v->lacking = 0;
	if (v->j) {
		cr_json_object(v->j, NULL);
		cr_json_text(v->j, "path", path);
		cr_json_array(v->j, "checks");
	} else {
		cr_line("%s", path);
	}
}

static void verify_finish(struct verifying *v, const char *verdict)
{
	bool intact = !strcmp(verdict, "intact");

	v->damaged += !intact;
	v->missing += v->lacking;
	if (!v->j) {
		cr_line("  %s%s%s", verdict, v->files ? ", files that it needs: " : "",
			!v->files  ? "" :
			v->lacking ? "some missing here or different" :
				     "all here");
		return;
	}
	cr_json_end(v->j);
	cr_json_bool(v->j, "intact", intact);
	cr_json_size(v->j, "files", v->files);
	cr_json_size(v->j, "files_missing_or_different", v->lacking);
	cr_json_end(v->j);
}

static void on_read(void *arg, uint64_t bytes)
{
	struct verifying *v = arg;

	v->read += bytes;
	/* How many images there will be nobody knows. */
	cr_progress_bytes(&v->progress, v->img->path, v->read, v->images > 1 ? 0 : v->to_read);
}

static int check_pack(struct verifying *v, const struct cr_image *img)
{
	struct cr_contents_report report = { damaged, v, on_read };
	cr_contents list;
	char text[160] = "";
	size_t i;
	int ret;

	if (cr_contents_of(img, &list, &v->in->err))
		return -1;
	v->img = img;
	for (i = 0; i < list.n; i++)
		v->to_read += list.v[i].size;
	ret = cr_contents_check(img, &list, &report);
	if (!ret)
		ret = cr_contents_gaps(img, &list, &report);
	cr_progress_clear(&v->progress);
	if (!ret && !v->places) {
		cr_append(text, sizeof(text), "%s in %s", cr_bytes(img->manifest.files[1].size).s,
			  cr_count(list.n, "piece").s);
		verify_tell(v, CR_PACK, "intact", text);
	}
	free(list.v);
	return ret ? cr_fail(&v->in->err, CR_EXIT_INTERNAL, -ret, "reading %s", img->path) : 0;
}

static int verify_image(struct verifying *v, const char *path)
{
	struct cr_inspect one = { .all = false };
	struct cr_image *img;
	char text[160] = "";
	int ret;

	verify_begin(v, path);
	if (cr_inspect_open(&one, path, &img)) {
		const char *verdict = one.err.status == CR_EXIT_DAMAGED ? "damaged" : "refused";

		verify_tell(v, "image", verdict, one.err.text);
		if (one.err.status == CR_EXIT_DAMAGED)
			look_closer(v, path);
		else if (!v->in->err.status)
			v->in->err.status = one.err.status;
		verify_finish(v, verdict);
		return 0;
	}
	verify_tell(v, CR_MANIFEST, "intact", "");
	cr_append(text, sizeof(text), "%s in %s", cr_bytes(img->manifest.files[0].size).s,
		  cr_count(img->end.records, "record").s);
	verify_tell(v, CR_STATE, "intact", text);
	ret = check_pack(v, img);
	if (!ret)
		ret = check_node(v, img);
	verify_finish(v, v->places ? "damaged" : "intact");
	cr_inspect_close(img);
	return ret;
}

/* ---- folders ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int verify_folder(struct verifying *v, const char *path, int depth)
{
	struct cr_err none = { 0 };
	struct dirent **names = NULL;
	char found[CR_PATH_MAX];
	int n, i, ret = 0;

	if (depth < DEPTH && !cr_inspect_find(path, found, &none) && !strcmp(found, path))
		return verify_image(v, path);
	n = depth ? scandir(path, &names, NULL, by_name) : 0;
	if (n < 0)
		return cr_fail(&v->in->err,
			       errno == EACCES ? CR_EXIT_PERMISSION : CR_EXIT_NOT_FOUND, errno,
			       "cannot open %s", path);
	for (i = 0; i < n; i++) {
		char below[CR_PATH_MAX];
		struct stat st;

		/* With a dot before it it was never committed. */
		if (!ret && names[i]->d_name[0] != '.' &&
		    snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name) <
			    (int)sizeof(below) &&
		    !lstat(below, &st) && S_ISDIR(st.st_mode))
			ret = verify_folder(v, below, depth - 1);
		free(names[i]);
	}
	free(names);
	return ret;
}

/* One of DIR/NAME, the newest, unless all are asked for; a folder of jobs means all of them. */
static int verify_named(struct verifying *v, const char *where)
{
	struct cr_err none = { 0 };
	char path[CR_PATH_MAX];

	if (!cr_inspect_find(where, path, &none) && (!v->in->all || !strcmp(path, where)))
		return verify_image(v, path);
	return verify_folder(v, where, DEPTH);
}

int cr_inspect_verify(struct cr_inspect *in)
{
	struct cr_json j = { .out = stdout };
	struct verifying v = { .in = in, .j = in->json ? &j : NULL };
	size_t i;
	int ret = 0;

	cr_progress_begin(&v.progress);
	if (in->json)
		cr_json_array(&j, NULL);
	for (i = 0; i < in->n_of && !ret; i++)
		ret = verify_named(&v, in->of[i]);
	if (in->json)
		cr_json_end(&j);
	if (ret)
		return ret;
	if (!v.images)
		return cr_fail(&in->err, CR_EXIT_NOT_FOUND, 0, "no checkpoint in %s", in->of[0]);
	if (!in->json && v.images > 1)
		cr_line("%s, %zu damaged", cr_count(v.images, "checkpoint").s, v.damaged);
	/* All has been said: only the status is left. */
	if (v.damaged && !in->err.status)
		in->err.status = CR_EXIT_DAMAGED;
	if (v.missing && !in->err.status)
		in->err.status = CR_EXIT_CHANGED;
	return 0;
}
