// SPDX-License-Identifier: Apache-2.0
//
// SysV IPC: its namespace.
#pragma once

#include "objects/core/object.h"

/* Whether an image needs an ipc namespace. */
bool cr_ipc_in_image(const struct cr_image *img);
/* Sets the limits of the job's ipc namespace in this one. An error: what it has will not fit. */
int cr_ipc_settings(const struct cr_image *img, bool tell, struct cr_err *err);
