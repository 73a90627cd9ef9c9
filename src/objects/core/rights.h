// SPDX-License-Identifier: Apache-2.0
//
// On whose behalf a restart by root opens what the job had open.
#pragma once

#include "objects/core/object.h"
#include "objects/core/reach.h"

/* Finds it out, for all; 0 or -ENOMEM. */
int cr_rights_find(struct cr_restore *r);
/* For cr_on_behalf(). */
struct cr_behalf cr_behalf_of_description(const struct cr_restore *r, const cairn_Description *d);
struct cr_behalf cr_behalf_of_inode(const struct cr_restore *r, size_t index);
struct cr_behalf cr_behalf_of_process(const struct cr_process_image *p);
void cr_rights_free(struct cr_restore *r);
