// SPDX-License-Identifier: Apache-2.0
//
// Whether there is memory at an address, without a fault if there is none.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether size bytes of the application's are there, asked of the kernel. */
bool agent_readable(const void *at, size_t size);
