// SPDX-License-Identifier: Apache-2.0
//
// Which images there are, and where; see images.c.
#pragma once

#include "coordinator/coordinator.h"

struct co_checkpoint *co_checkpoint_add(struct co_job *j, unsigned int number);
struct co_checkpoint *co_checkpoint(struct co_job *j, unsigned int number);
void co_checkpoint_save(struct co_job *j, struct co_checkpoint *k);
void co_checkpoint_drop(struct co_job *j, struct co_checkpoint *k);
void co_checkpoint_free(struct co_checkpoint *k);
/* The newest that can be restarted from; *why if none can now. */
struct co_checkpoint *co_checkpoint_good(struct co_job *j, const char **why);
void co_image_set(struct co_job *j, struct co_checkpoint *k, unsigned int member,
		  struct co_store *s, cairn_HoldingState state, uint64_t bytes);
void co_image_holding(struct co_node *n, const cairn_Holding *h);
/* Counts anew whether enough copies are there, and orders what is missing. */
void co_images_reconcile(struct co_job *j);
/* Copies that are still missing are on their way. */
bool co_images_coming(const struct co_checkpoint *k);
void co_images_swept(struct co_node *n);
bool co_image_at(const struct co_image *i, const struct co_store *s);
/* Nodes that would have it if one of them were lost. */
unsigned int co_image_copies(const struct co_image *i);
struct co_store *co_image_source(const struct co_image *i, const struct co_store *not_this);
bool co_image_ship(struct co_job *j, struct co_checkpoint *k, unsigned int member,
		   struct co_node *to);
void co_images_retain(struct co_job *j);
