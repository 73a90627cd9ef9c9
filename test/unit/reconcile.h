// SPDX-License-Identifier: Apache-2.0
//
// Tests of what the coordinator decides, in the same program as those among nodes.
#pragma once

#include <check.h>

TCase *reconcile_tests(void);
