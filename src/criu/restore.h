// SPDX-License-Identifier: Apache-2.0
//
// A restart by `criu restore`. CRIU's files come out of the checkpoint into a scratch folder in
// the job's folder.
#pragma once

#include "shepherd/stages.h"

struct cr_err;
struct cr_restart;

int cr_criu_check(struct cr_restart *r, struct cr_err *err);
extern const struct cr_stage cr_criu_restart_stages[];
