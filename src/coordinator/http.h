// SPDX-License-Identifier: Apache-2.0
//
// The coordinator's interface over HTTP; see http.c.
#pragma once

#include "coordinator/coordinator.h"

/* Nothing without --http. */
int co_http_listen(struct co *c, struct cr_err *err);
void co_http_free(struct co *c);
