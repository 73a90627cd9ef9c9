// SPDX-License-Identifier: Apache-2.0
//
// Connections with other members, by what they tell.
#pragma once

#include <stddef.h>

struct cr_err;
struct cr_inet;
struct cr_save;

int cr_tcp_save_members(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err);
