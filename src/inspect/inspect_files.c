// SPDX-License-Identifier: Apache-2.0
//
// crimage files: what a node must have to restart a checkpoint, and what comes with it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/err.h"
#include "common/image.h"
#include "common/json.h"
#include "inspect/inspect_criu.h"
#include "inspect/inspect_files.h"
#include "inspect/inspect.h"
#include "objects/shape/shapes.h"
#include "objects/shape/text.h"

/* One thing that is needed, or that the image brings. */
struct item {
	const char *kind, *path;
	const char *need; /* same, exists, comes with it */
	uint64_t size;
	bool sized;
	const uint8_t *build_id;
	size_t build_id_len;
	char note[80];
};

typedef CR_LIST(struct item) item_list;

static bool inspect_files_add(item_list *list, struct item item)
{
	struct item *to;
	size_t i;

	/* The same folder for many. */
	for (i = list->n; i-- > 0 && list->n - i < 64;)
		if (!strcmp(list->v[i].path, item.path) && list->v[i].kind == item.kind)
			return true;
	to = cr_list_add(list);
	if (to)
		*to = item;
	return to;
}

static bool add_programs(item_list *list, const struct cr_image *img, struct cr_err *err)
{
	cr_needs needs;
	bool ok = !cr_needs_of(img, &needs, err);
	size_t i;

	for (i = 0; ok && i < needs.n; i++) {
		const struct cr_need *n = &needs.v[i];

		ok = inspect_files_add(
			list,
			(struct item){ n->kind == CR_NEED_PROGRAM ? "program" : "library", n->path,
				       n->packed   ? "packed" :
				       n->writable ? "exists" :
						     "same",
				       n->size, true, n->build_id, n->build_id_len, "" });
	}
	if (needs.v)
		free(needs.v);
	return ok;
}

/* By what a restart does with each: doc/IMAGE.md, policies. */
static bool add_inode(item_list *list, const cairn_Inode *f)
{
	static const char *const needs[] = {
		[cairn_FilePolicy_FILE_SAME] = "same",
		[cairn_FilePolicy_FILE_RESTORE] = "stored",
		[cairn_FilePolicy_FILE_TRUNCATE] = "not shorter",
		[cairn_FilePolicy_FILE_KEEP] = "exists",
		[cairn_FilePolicy_FILE_DELETED] = "stored",
	};
	struct item item = { S_ISDIR(f->mode) ? "directory" : "file",
			     f->path,
			     f->policy < CR_ARRAY_SIZE(needs) ? needs[f->policy] : "?",
			     f->size,
			     !S_ISDIR(f->mode),
			     NULL,
			     0,
			     "" };

	if (S_ISDIR(f->mode)) {
		item.need = "stored";
		snprintf(item.note, sizeof(item.note), "made again if it is missing");
	} else if (f->policy == cairn_FilePolicy_FILE_DELETED) {
		snprintf(item.note, sizeof(item.note), "deleted: made again and unlinked");
	} else if (f->policy == cairn_FilePolicy_FILE_TRUNCATE) {
		snprintf(item.note, sizeof(item.note),
			 f->stored ? "cut back; made again if it is missing" :
				     "cut back to this size");
	} else if (f->stored) {
		snprintf(item.note, sizeof(item.note), "content is put back");
	}
	return inspect_files_add(list, item);
}

static bool add_description(item_list *list, const cairn_Description *d)
{
	const struct cr_shape *s = cr_shape_of(d->kind);
	struct item item = { cr_kind_name(d), d->path, "", 0, false, NULL, 0, "" };

	if (!s || !s->need || d->deleted)
		return true;
	item.need = s->need;
	return inspect_files_add(list, item);
}

/* What CRIU looks for: the same size. */
static bool add_criu(item_list *list, const struct cr_criu_facts *c)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < c->files.n && ok; i++) {
		const struct cr_criu_file *f = &c->files.v[i];

		ok = !f->path ||
		     inspect_files_add(list, (struct item){ f->needed ? "file" : "path", f->path,
							    !f->sized  ? "exists" :
							    f->written ? "not shorter" :
									 "same",
							    f->size, f->sized, NULL, 0, "" });
	}
	return ok;
}

static bool inspect_files_collect(item_list *list, const struct cr_image *img,
				  const struct cr_criu_facts *c, struct cr_err *err)
{
	bool ok = add_programs(list, img, err);
	size_t i;

	for (i = 0; i < img->inodes.n && ok; i++)
		ok = add_inode(list, &img->inodes.v[i]);
	for (i = 0; i < img->descriptions.n && ok; i++)
		ok = add_description(list, &img->descriptions.v[i]);
	for (i = 0; i < img->processes.n && ok; i++) {
		const cairn_Process *p = &img->processes.v[i].process;

		if (!p->zombie && !p->cwd_deleted)
			ok = inspect_files_add(list,
					       (struct item){ "folder", p->cwd, "exists", 0, false,
							      NULL, 0, "working folder" });
		if (!p->zombie && ok && strcmp(p->root, "/") && p->root[0])
			ok = inspect_files_add(list,
					       (struct item){ "folder", p->root, "exists", 0, false,
							      NULL, 0, "root folder" });
	}
	if (ok)
		ok = add_criu(list, c);
	for (i = 0; i < img->archive_files.n && ok; i++)
		ok = inspect_files_add(list, (struct item){ "archive", img->archive_files.v[i].name,
							    "stored", img->archive_files.v[i].size,
							    true, NULL, 0, "of the backend" });
	if (!ok)
		cr_fail(err, CR_EXIT_INTERNAL, 0, "no memory to look at %s", img->path);
	return ok;
}

static void inspect_files_print_json(const item_list *list, const struct cr_image *img)
{
	struct cr_json j = { .out = stdout };
	size_t i;

	cr_json_object(&j, NULL);
	cr_json_text(&j, "path", img->path);
	cr_json_text(&j, "job", img->job.name);
	cr_json_array(&j, "files");
	for (i = 0; i < list->n; i++) {
		const struct item *it = &list->v[i];

		cr_json_object(&j, NULL);
		cr_json_text(&j, "kind", it->kind);
		cr_json_text(&j, "path", it->path);
		cr_json_text(&j, "need", it->need);
		if (it->sized)
			cr_json_size(&j, "size", it->size);
		if (it->build_id_len)
			cr_json_hex(&j, "build_id", it->build_id, it->build_id_len);
		cr_json_text(&j, "note", it->note);
		cr_json_end(&j);
	}
	cr_json_end(&j);
	cr_json_end(&j);
}

static void inspect_files_print_lines(const item_list *list)
{
	size_t i, k;

	cr_line("%-10s %-12s %9s  %-16s %s", "KIND", "MUST BE", "SIZE", "BUILD-ID", "PATH");
	for (i = 0; i < list->n; i++) {
		const struct item *it = &list->v[i];
		char id[20] = "";

		for (k = 0; k < it->build_id_len && k < 8; k++)
			cr_append(id, sizeof(id), "%02x", it->build_id[k]);
		cr_line("%-10s %-12s %9s  %-16s %s%s%s%s", it->kind, it->need,
			it->sized ? cr_bytes(it->size).s : "", id, it->path,
			it->note[0] ? " (" : "", it->note, it->note[0] ? ")" : "");
	}
}

int cr_inspect_files(struct cr_inspect *in)
{
	item_list list = { 0 };
	struct cr_criu_facts criu;
	bool ok;

	cr_criu_facts_read(in->img, &criu);
	ok = inspect_files_collect(&list, in->img, &criu, &in->err);

	if (ok && in->json)
		inspect_files_print_json(&list, in->img);
	else if (ok)
		inspect_files_print_lines(&list);
	free(list.v);
	cr_criu_facts_free(&criu);
	return ok ? 0 : -1;
}
