// SPDX-License-Identifier: Apache-2.0
//
// Writing a checkpoint.
#pragma once

#include <stdatomic.h>

#include "common/defs.h"
#include "image.pb.h"

struct cr_err;
struct cr_ids;

/* The number in the name of a committed checkpoint, 0 if it is not one. */
unsigned int cr_checkpoint_number(const char *name);

struct cr_image_writer {
	int parent; /* directory of the job's checkpoints */
	int dir; /* the one being written, still under its temporary name */
	int state; /* fd of state.img */
	int pack; /* fd of pages.pack */
	int counter_fd; /* memfd of *counter, for the agents' writers */
	uint32_t number;
	uint32_t records;
	char path[CR_PATH_MAX]; /* final path */
	char temporary[32]; /* name within parent */
	_Atomic uint64_t *counter; /* next free byte of the pack */
	unsigned char *buffer; /* records not yet written */
	size_t used;
	char *blobs; /* small ones not yet written */
	uint64_t blobs_at; /* their place in the pack */
	size_t blobs_used;
	uint64_t state_size;
	void *hash; /* XXH3 state over state.img */
	const struct cr_ids *ids; /* the job's, which records hold; NULL: they are the kernel's */
};

/*
 * Removes all checkpoints in a job's folder, and the folder if nothing else is in it. Not while a
 * job writes there: CR_EXIT_EXISTS.
 */
int cr_image_forget(const char *path, struct cr_err *err);

/*
 * Makes PARENT/.NNNNNN.tmp with empty files; NNNNNN is number, or if that is 0 one more than any
 * there.
 */
int cr_image_create(struct cr_image_writer *w, const char *parent, unsigned int number,
		    struct cr_err *err);

int cr_image_record(struct cr_image_writer *w, cairn_RecordType type, const void *msg,
		    struct cr_err *err);

/* Reserves room in the pack; shared with the writers of all processes. */
uint64_t cr_image_reserve(struct cr_image_writer *w, uint64_t bytes);

/* Stores a buffer, fills *blob. */
int cr_image_blob(struct cr_image_writer *w, const void *data, size_t len, cairn_Blob *blob,
		  struct cr_err *err);

/* Ends state.img, syncs everything, writes the manifest, renames. After this it exists. */
int cr_image_commit(struct cr_image_writer *w, cairn_Manifest *manifest, struct cr_err *err);

/* Removes what was written (unless committed) and frees. */
void cr_image_close(struct cr_image_writer *w, bool committed);

/* Removes all but the newest keep checkpoints, and what is left of unfinished older ones. */
void cr_image_prune(const char *parent, unsigned int keep, unsigned int pinned);
