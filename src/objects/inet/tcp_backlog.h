// SPDX-License-Identifier: Apache-2.0
//
// What waits to be accepted, when it is known who is whose peer.
#pragma once

#include <stddef.h>

struct cr_err;
struct cr_inet;
struct cr_save;

int cr_tcp_save_backlogs(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err);
