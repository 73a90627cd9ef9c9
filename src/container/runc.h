// SPDX-License-Identifier: Apache-2.0
//
// The runtime runc.
#pragma once

struct cr_runtime;

extern const struct cr_runtime cr_runc;
