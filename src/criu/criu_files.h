// SPDX-License-Identifier: Apache-2.0
//
// Files that have grown since the checkpoint.
#pragma once

#include "common/io.h"
#include "image.pb.h"

struct cr_err;

/* Those that the job writes become as long as they were; what is cut off is kept in *undo. */
struct cr_cut {
	char *path;
	uint64_t size;
	int tail; /* memory file */
};
typedef CR_LIST(struct cr_cut) cr_cuts;

int cr_criu_cut(int dir, const cairn_Job *job, cr_cuts *cuts, struct cr_err *err);
/* The restart has failed: puts it back. Frees. */
void cr_criu_uncut(cr_cuts *cuts, bool failed);
