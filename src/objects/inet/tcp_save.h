// SPDX-License-Identifier: Apache-2.0
//
// TCP connections of a stopped job.
#pragma once

#include <stddef.h>

struct cr_err;
struct cr_inet;
struct cr_save;

/* Queues of all, when it is known who is whose peer. */
int cr_tcp_save(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err);
