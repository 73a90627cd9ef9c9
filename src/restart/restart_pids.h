// SPDX-License-Identifier: Apache-2.0
//
// The ids of the job: which processes there are, which ids are taken, and who shares
// descriptors.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cr_err;
struct cr_process_image;
struct cr_restart;

/* From the image, before any of the others. */
int cr_collect_ids(struct cr_restart *r, struct cr_err *err);

bool cr_has_process(const struct cr_restart *r, pid_t pid);

/* Whether another process has the same table of descriptors. */
bool cr_shares_files(const struct cr_restart *r, const struct cr_process_image *p);

/* The nth id that is nobody's in the job; 0 if there is none. */
pid_t cr_spare_id(const struct cr_restart *r, size_t n);
