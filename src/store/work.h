// SPDX-License-Identifier: Apache-2.0
//
// How the store works: threads, chores in their order, the pace of what is sent, and reports.
#pragma once

#include "store/internal.h"

struct cr_place;

/* Runs fn in a thread of its own. */
int cr_store_thread(struct cr_store *s, void (*fn)(struct cr_store *s, void *arg), void *arg);
void cr_store_chore(struct cr_store *s, struct cr_chores *c,
		    void (*run)(struct cr_store *s, const struct cr_image_key *key),
		    struct cr_image_key key);
/* Does the first one, the lock that the caller holds given up meanwhile; false: there is none. */
bool cr_store_do(struct cr_store *s, struct cr_chores *c);
/* For holding(), from any thread. */
void cr_store_tell(struct cr_store *s, const struct cr_image_key *key, const struct cr_place *p,
		   cairn_HoldingState state, uint64_t bytes, const char *error);
/* Waits until so many bytes may be sent; false: the store is being closed. */
bool cr_store_pace(struct cr_store *s, size_t bytes);
/* Sleeps; false: the store is being closed. */
bool cr_store_sleep(struct cr_store *s, int64_t ns);
