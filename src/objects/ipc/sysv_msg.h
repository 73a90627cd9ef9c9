// SPDX-License-Identifier: Apache-2.0
//
// SysV message queues.
#pragma once

#include "objects/core/object.h"

int cr_messages_save(struct cr_save *s, struct cr_err *err);
int cr_messages_prepare(struct cr_restore *r, struct cr_err *err);
