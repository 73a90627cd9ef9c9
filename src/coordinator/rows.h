// SPDX-License-Identifier: Apache-2.0
//
// What is told of members and checkpoints; see rows.c.
#pragma once

#include "coordinator/coordinator.h"

void co_member_row(const struct co_member *m, cairn_MemberRow *row);
void co_checkpoint_row(const struct co_checkpoint *k, cairn_CheckpointRow *row);
/* Each copy of its images, until on() is false. */
void co_image_rows(struct co *c, const struct co_checkpoint *k,
		   bool (*on)(const cairn_ImageRow *row, void *arg), void *arg);
