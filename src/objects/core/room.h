// SPDX-License-Identifier: Apache-2.0
//
// Numbers for what a restart makes, beside those of the job: asked at the checkpoint too, since
// what will find no room must not be saved.
#pragma once

#include <stddef.h>

#include "common/image.h"

/* How many numbers of our own a restart needs, apart from its descriptions. */
size_t cr_room_base(size_t inodes, size_t shared, size_t pipes, size_t processes);
/* And for one of them. */
size_t cr_room_of(cairn_ObjectKind kind);

/*
 * A stretch of so many numbers that are not among the n used ones, which are put in order: from
 * *base up to *end. 0 or -EMFILE, if the limit on descriptors is too low for that.
 */
int cr_room_find(int *used, size_t n, size_t need, int *base, int *end);
