// SPDX-License-Identifier: Apache-2.0
//
// Steps of operations by their names, as people read them, and programs from before there were
// numbers.
#pragma once

#include "operation.pb.h"

const char *cr_step_name(cairn_Step step);
/* That a message is about: at, or if it has none, the one of that name. STEP_NONE: none of ours. */
cairn_Step cr_step_of(cairn_Step at, const char *name);
