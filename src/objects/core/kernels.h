// SPDX-License-Identifier: Apache-2.0
//
// Files that the kernel makes up: in /proc, in /sys, namespaces; and those that are memory.
#pragma once

#include "objects/core/object.h"

/* By its path. */
bool cr_is_kernels(const char *path);
/* Behind the number of a path of a process in /proc, else NULL. */
const char *cr_proc_rest(const char *path);
/*
 * Which process such a path is about now, if it still is one: of the job, or init, which is there
 * always. Else *there becomes false, and somebody must stand in.
 */
pid_t cr_proc_pid(const struct cr_restore *r, const char *path, bool *there);
/* Files of a process in /proc exist only once it does. */
enum cr_when cr_when_of_path(const cairn_Description *d);

#define CR_NAMESPACES 10
#define CR_NAMESPACE_UTS (CR_NAMESPACES - 1)
extern const char *const cr_namespaces[CR_NAMESPACES]; /* as in /proc/PID/ns */

/* The number of a process's, or with pid 0 of ours; 0 if it cannot be told. */
uint64_t cr_namespace_number(pid_t pid, size_t kind);
bool cr_is_namespace(const struct cr_fd_view *v);

bool cr_is_tmpfs(int fd);
