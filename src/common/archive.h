// SPDX-License-Identifier: Apache-2.0
//
// Files of other programs inside a checkpoint: a folder that a backend other than the agent has
// written goes into the pack, in pieces with checksums, and comes out again before a restart.
// Hosted code.
#pragma once

struct cr_err;
struct cr_image;
struct cr_image_writer;

/* Puts everything below the folder dir into the checkpoint: records and contents. */
int cr_archive_add(struct cr_image_writer *w, int dir, struct cr_err *err);

/*
 * Makes all of them again below dir, an empty folder of ours. CR_EXIT_DAMAGED for names that lead
 * out of it or contents that do not match their checksums.
 */
int cr_archive_extract(const struct cr_image *img, int dir, struct cr_err *err);
