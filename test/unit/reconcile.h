// SPDX-License-Identifier: Apache-2.0
//
// Tests of what the coordinator and crnode decide, in the same program as those among nodes.
#pragma once

#include <check.h>

TCase *reconcile_tests(void); /* reconcile.c */
TCase *node_members_tests(void); /* node_members.c */
TCase *telemetry_tests(void); /* telemetry.c */
TCase *notice_tests(void); /* notice.c */
