// SPDX-License-Identifier: Apache-2.0
//
// SysV objects by the ids that the application knows, since a restart without an ipc namespace.
#pragma once

#include "common/ids.h"

/* The ids, as the kernel has them now, of objects that the process knows. */
unsigned int agent_sysv_known(enum cr_id_kind kind, int32_t *ids);
