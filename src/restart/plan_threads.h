// SPDX-License-Identifier: Apache-2.0
//
// What each thread does; returns the number of the main thread's.
#pragma once

#include <stddef.h>

#include "common/image.h"

struct plan;

size_t cr_plan_threads(struct plan *n, const cairn_Thread *main);
