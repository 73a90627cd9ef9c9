// SPDX-License-Identifier: Apache-2.0
//
// Files, as an image has them.
#pragma once

#include "common/image.h"

const char *cr_policy_name(cairn_FilePolicy policy);
