// SPDX-License-Identifier: Apache-2.0
//
// Doing something as another process.
#pragma once

#include <sys/types.h>

#include "common/ids.h"

/*
 * Runs fn(arg) in a process with the given id and owner, which then ends: the kernel notes them in
 * what it makes. It shares our memory and descriptors, not our directories. Where that id cannot
 * be had, it is done as what we are. pid 0: with any id, as ourselves.
 */
int cr_stand_in(struct cr_ids *ids, pid_t pid, uid_t uid, gid_t gid, int (*fn)(void *), void *arg);
