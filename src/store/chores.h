// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the store, in the order in which it was.
#pragma once

#include <stdint.h>

struct cr_image_key;
struct cr_store;

void cr_chore_written(struct cr_store *s, const struct cr_image_key *key);

/* All that is here, by holding(), then one with end set: soon, not before this returns. */
void cr_store_inventory(struct cr_store *s);

/* Removes an image (number 0: all of the member, and its folder), what is on its way to us too. */
void cr_store_drop(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
/* Reads all of it; then COMPLETE or DAMAGED, by holding(). */
void cr_store_check(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
