// SPDX-License-Identifier: Apache-2.0
//
// What follows from an image's records and stands in none of them: who holds a description, how
// much of a mapping is stored, who is connected to whom. Nothing here fails on a damaged image:
// what leads nowhere is NULL.
#pragma once

#include <stdbool.h>

#include "common/io.h"
#include "image.pb.h"

struct cr_err;
struct cr_image;
struct cr_process_image;
struct cr_shared_image;

/* How pages are stored. All in bytes but runs. */
struct cr_pages {
	uint64_t mapped;
	uint64_t stored; /* of memory, before compression: raw + packed */
	uint64_t raw, packed; /* by codec */
	uint64_t disk; /* in the pack */
	uint64_t zero; /* noted to be zeros, without content */
	uint64_t guard;
	uint64_t runs;
};

/* A number of a process that leads to a description. */
struct cr_held {
	uint32_t description;
	int32_t pid, fd;
	bool cloexec;
};

struct cr_helds {
	const struct cr_held *v;
	size_t n;
};

struct cr_model {
	const struct cr_image *img;
	CR_LIST(struct cr_held) held; /* sorted by description, pid, number */
	CR_LIST(uint32_t) order; /* indices of processes, parents before children */
	CR_LIST(uint32_t) depth; /* of each in order */
	struct cr_pages all; /* of processes and shared memory */
	struct cr_pages anonymous; /* of private memory without a file */
	uint64_t blobs; /* bytes in the pack that are not memory */
};

int cr_model_make(struct cr_model *m, const struct cr_image *img, struct cr_err *err);
void cr_model_free(struct cr_model *m);

struct cr_helds cr_model_holders(const struct cr_model *m, uint32_t description);

/* Who holds a description: "32174:4,5 32249:6", or "nobody". */
struct cr_holders_text {
	char s[200];
} cr_model_who(const struct cr_model *m, uint32_t description);

void cr_pages_add(struct cr_pages *to, const struct cr_pages *from);
/* Of the runs between two addresses; runs are sorted. */
struct cr_pages cr_pages_between(const cairn_PageRun *runs, size_t n, uint64_t start, uint64_t end);
struct cr_pages cr_pages_of_process(const struct cr_process_image *p);

const cairn_Description *cr_model_description(const struct cr_model *m, uint32_t id);
const cairn_Pipe *cr_model_pipe(const struct cr_model *m, uint32_t id);
const cairn_Inode *cr_model_inode(const struct cr_model *m, uint32_t id);
const cairn_Inode *cr_model_inode_at(const struct cr_model *m, uint64_t dev, uint64_t inode);
const struct cr_shared_image *cr_model_shared(const struct cr_model *m, uint32_t id);
const cairn_UnixSocket *cr_model_unix(const struct cr_model *m, uint32_t id);
const cairn_InetSocket *cr_model_inet(const struct cr_model *m, uint32_t id);
const cairn_Mqueue *cr_model_mqueue(const struct cr_model *m, uint32_t id);
const cairn_Pty *cr_model_pty(const struct cr_model *m, uint32_t id);
