// SPDX-License-Identifier: Apache-2.0
//
// A checkpoint by `criu dump`, beside the shepherd's loop.
#pragma once

#include "shepherd/stages.h"

extern const struct cr_stage cr_criu_stages[];
