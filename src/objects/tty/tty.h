// SPDX-License-Identifier: Apache-2.0
//
// Terminals that are not of the job's own.
#pragma once

#include "objects/core/object.h"

/* Whether fd, a terminal, is the one that the shepherd's session has. */
bool cr_is_own_terminal(int fd);
