// SPDX-License-Identifier: Apache-2.0
//
// Reading a checkpoint.
#pragma once

#include "common/defs.h"
#include "image.pb.h"

struct cr_err;
struct cr_image;
struct cr_process_image;

/* Whether such a message begins with the id of the process that it is of. */
bool cr_image_of_process(cairn_RecordType type);

/* Size of a record's message in memory. */
size_t cr_image_size(cairn_RecordType type);

/*
 * Finds the checkpoint meant by DIR/NAME (newest committed) or DIR/NAME/NNNNNN.
 * Fails with CR_EXIT_NOT_FOUND.
 */
int cr_image_find(const char *where, char path[CR_PATH_MAX], struct cr_err *err);

/*
 * Opens and checks everything but the contents of the pack, whose checksums are checked when they
 * are read. CR_EXIT_DAMAGED, CR_EXIT_FORMAT, CR_EXIT_PERMISSION, CR_EXIT_NOT_FOUND.
 */
int cr_image_open(struct cr_image *img, const char *path, struct cr_err *err);
/* The same of an open folder, whoever's it is. path is for messages. */
int cr_image_open_at(struct cr_image *img, int dir, const char *path, struct cr_err *err);
/* Only its manifest, and the sizes of the files. */
int cr_image_manifest(int dir, const char *path, cairn_Manifest *manifest, struct cr_err *err);
/*
 * Moves everything read into memory that forks share, not copy: a restart forks for each process.
 * Nothing can be added to the lists after that.
 */
int cr_image_share(struct cr_image *img, struct cr_err *err);

void cr_image_free(struct cr_image *img);

struct cr_process_image *cr_image_process(struct cr_image *img, int32_t pid);

/* The error for a piece of the pack whose content does not match its checksum. */
int cr_image_damaged(const struct cr_image *img, struct cr_err *err, uint64_t offset, uint64_t size,
		     const char *what);

/* A blob's content, malloced, checked. */
int cr_image_read_blob(const struct cr_image *img, const cairn_Blob *blob, void **data,
		       struct cr_err *err);

/* Descriptor of a record's message, NULL for an unknown type. */
const pb_msgdesc_t *cr_image_descriptor(cairn_RecordType type);

/* Decompresses LZ4 into a new buffer of exactly raw_len bytes. 0 or -EBADMSG, -ENOMEM. */
int cr_unpack(const void *data, size_t len, void **raw, size_t raw_len);
