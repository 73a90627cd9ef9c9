// SPDX-License-Identifier: Apache-2.0
//
// The same for many, by as many threads as there are CPUs. Hosted code only.
#pragma once

#include <stddef.h>

/*
 * Calls fn(arg, i) for each i below n, in any order, and returns when all are done. The calls may
 * share only what none of them changes. few: what is not worth a thread.
 */
void cr_each(size_t n, size_t few, void (*fn)(void *arg, size_t i), void *arg);
