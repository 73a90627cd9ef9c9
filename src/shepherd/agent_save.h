// SPDX-License-Identifier: Apache-2.0
//
// The agent backend's stages of a checkpoint.
#pragma once

#include "shepherd/stages.h"

extern const struct cr_stage cr_agent_stages[];
