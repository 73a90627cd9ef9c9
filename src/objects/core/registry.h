// SPDX-License-Identifier: Apache-2.0
//
// A restart: all objects of the image, from the first file to the last signal.
#pragma once

#include "objects/core/object.h"

/* Checks and opens what descriptions share (files, pipes, memory), then what can be open early. */
int cr_objects_prepare(struct cr_restore *r, struct cr_err *err);

/* Borrowed: the descriptor of a description, restored now if it is not yet. Or -errno. */
int cr_restored_fd(struct cr_restore *r, uint32_t id, struct cr_err *err);

/* In the shepherd, once all processes exist: what could not be opened before. */
int cr_objects_late(struct cr_restore *r, struct cr_err *err);

/* In a process: a late or own description, at base or above. Waits for the shepherd. */
int cr_object_take(struct cr_restore *r, size_t index, struct cr_err *err);

/* In a process whose descriptors stand. */
int cr_objects_settle(struct cr_restore *r, const struct cr_process_image *p, struct cr_err *err);

/* Puts file contents back, when everything else of the restart has succeeded. */
int cr_objects_apply(struct cr_restore *r, struct cr_err *err);
void cr_restore_free(struct cr_restore *r);
