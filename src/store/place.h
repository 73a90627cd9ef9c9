// SPDX-License-Identifier: Apache-2.0
//
// Names and owners.
#pragma once

#include "cluster.pb.h"
#include "common/defs.h"
#include "common/io.h"

struct cr_err;
struct cr_store;

/* A member's folder. While it is open, the thread works with the rights of its owner. */
struct cr_place {
	int dir; /* -1: not open */
	uint32_t uid, gid;
	char name[128]; /* of the job */
	char path[CR_PATH_MAX];
};

int cr_as_user(uint32_t uid, uint32_t gid);
void cr_as_self(void);

/* -ENOENT, without an error, if there is none. */
int cr_place_open(struct cr_store *s, uint64_t job, uint32_t member, struct cr_place *p,
		  struct cr_err *err);
int cr_place_make(struct cr_store *s, uint64_t job, const char *name, uint32_t member, uint32_t uid,
		  uint32_t gid, struct cr_place *p, struct cr_err *err);
void cr_place_close(struct cr_place *p);
/* The folders themselves onto the disk: before an image in them counts. */
int cr_place_sync(struct cr_store *s, const struct cr_place *p);

enum cr_image_form {
	CR_FORM_NONE,
	CR_FORM_COMPLETE, /* NNNNNN */
	CR_FORM_WRITING, /* .NNNNNN.tmp: a shepherd's */
	CR_FORM_PART, /* .NNNNNN.part: comes from another node */
	CR_FORM_OLD, /* .NNNNNN.old: is being replaced */
	CR_FORM_DAMAGED, /* .NNNNNN.damaged: a mark, beside a complete one */
	CR_FORMS,
};
struct cr_form_name {
	char text[32];
};
struct cr_form_name cr_form_name(enum cr_image_form form, uint32_t number);
enum cr_image_form cr_form_of(const char *name, uint32_t *number);

/* Calls fn for each member's folder, as its owner, until it returns true. */
void cr_place_each(struct cr_store *s,
		   bool (*fn)(struct cr_store *s, uint64_t job, uint32_t member, struct cr_place *p,
			      void *arg),
		   void *arg);
/* All names of images in it, sorted by number. */
struct cr_form_entry {
	uint32_t number;
	enum cr_image_form form;
};
typedef CR_LIST(struct cr_form_entry) cr_form_list;
int cr_place_list(const struct cr_place *p, cr_form_list *list);

/* What a folder holds, by manifest and sizes: COMPLETE, DAMAGED (with error), GONE. */
cairn_HoldingState cr_image_look(const struct cr_place *p, uint32_t number, uint64_t *bytes,
				 struct cr_err *err);
/* The manifest first, so that what a crash leaves is no image. */
void cr_image_remove(const struct cr_place *p, enum cr_image_form form, uint32_t number);
bool cr_image_marked(const struct cr_place *p, uint32_t number);
void cr_image_mark(const struct cr_place *p, uint32_t number, bool damaged);
/* XXH3 of the manifest, 0: there is none. */
uint64_t cr_image_manifest_hash(int dir, char **data, size_t *len);
