// SPDX-License-Identifier: Apache-2.0
//
// crrestart of a container.
#pragma once

#include "shepherd/stages.h"

struct cr_err;
struct cr_restart;

int cr_container_check(struct cr_restart *r, struct cr_err *err);
extern const struct cr_stage cr_container_restart_stages[];
