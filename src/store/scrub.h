// SPDX-License-Identifier: Apache-2.0
//
// Looking for damage.
#pragma once

struct cr_image_key;
struct cr_store;

void cr_scrub(struct cr_store *s, void *unused);
void cr_check_one(struct cr_store *s, const struct cr_image_key *key);
