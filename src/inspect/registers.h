// SPDX-License-Identifier: Apache-2.0
//
// The registers that a saved thread had: the application's, as they were before the agent's signal.
#pragma once

#include "image.pb.h"

struct cr_memory;

struct cr_err;
struct cr_regset;

/* Of a thread that is not dead. Fails if its signal frame is not in the image. */
int cr_registers_read(struct cr_memory *m, const cairn_Thread *t, struct cr_regset *out,
		      struct cr_err *err);
