// SPDX-License-Identifier: Apache-2.0
//
// Making SysV objects under their saved ids.
#pragma once

#include "objects/core/object.h"

/* Objects of a kind (shm, sem, msg) in the image: how many records, and whose id one has, or -1. */
struct cr_ipc_list {
	const char *kind;
	const struct cr_image *img;
	size_t n;
	int (*id)(const struct cr_image *img, size_t i);
};

/* Calls one() for each of the ids, in their order, as long as it returns 0. */
int cr_ipc_each(struct cr_restore *r, const struct cr_ipc_list *l,
		int (*one)(struct cr_restore *r, const struct cr_ipc_list *l, size_t i,
			   struct cr_err *err),
		struct cr_err *err);

/*
 * An object by make(), which returns its id, as a process with the pid of its maker; under its own
 * id if ids are ours to give. Returns the id.
 */
int cr_ipc_make(struct cr_restore *r, const struct cr_ipc_list *l, const cairn_IpcObject *o,
		pid_t maker, int (*make)(const void *what), const void *what, struct cr_err *err);
