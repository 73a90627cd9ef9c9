// SPDX-License-Identifier: Apache-2.0
//
// The coordinator's loop; see server.c.
#pragma once

#include "coordinator/coordinator.h"

int co_init(struct co *c, struct cr_err *err);
int co_listen(struct co *c, struct cr_err *err);
int co_run(struct co *c);
void co_free(struct co *c);
/* For tests: a connected socket as if it had come in. */
struct co_session *co_adopt(struct co *c, struct cr_link *l, bool local, uid_t uid, gid_t gid);
void co_tick(struct co *c);
