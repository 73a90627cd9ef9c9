// SPDX-License-Identifier: Apache-2.0
//
// userfaultfd: what others than its own kind need to know.
#pragma once

#include "objects/core/object.h"

/*
 * Lets a fork go on that waits to be reported (UFFD_FEATURE_EVENT_FORK): our own of a stopped
 * process, whose monitor stands still. Does nothing to other descriptors.
 */
void cr_uffd_answer(int fd);
/* Whether an address is in a range that a userfaultfd is about: which pages are there matters. */
bool cr_uffd_covers(const struct cr_save *s, pid_t pid, uint64_t start);
