// SPDX-License-Identifier: Apache-2.0
//
// Attributes of a process's threads.
#pragma once

#include "image.pb.h"

struct cr_err;
struct cr_process;
struct cr_proc_status;

int cr_describe_attributes(struct cr_process *m, const struct cr_proc_status *st,
			   struct cr_err *err);
void cr_describe_deadline(cairn_Thread *t);
