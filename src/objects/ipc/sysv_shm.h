// SPDX-License-Identifier: Apache-2.0
//
// SysV shared memory.
#pragma once

#include "objects/core/object.h"

/* The segment with this id, which a process has attached; dev is that of the mapping. */
cairn_SharedMemory *cr_segment_attached(struct cr_save *s, int id, dev_t dev);
/* Record and content. */
int cr_segment_store(struct cr_save *s, cairn_SharedMemory *m, struct cr_err *err);

/*
 * Bytes that it maps; attaches it at a free place. What stays of it are the mappings from the first
 * of the n on that come from the same attachment. 0 or -errno.
 */
uint64_t cr_segment_length(const cairn_SharedMemory *m);
int cr_segment_attach(const struct cr_restore *r, const cairn_SharedMemory *m, uint64_t at,
		      const cairn_Vma *v, size_t n);

int cr_segments_note(struct cr_save *s, struct cr_err *err);
int cr_segments_prepare(struct cr_restore *r, struct cr_err *err);
void cr_segments_free(struct cr_restore *r);
