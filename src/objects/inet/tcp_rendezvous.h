// SPDX-License-Identifier: Apache-2.0
//
// TCP connections with other members.
#pragma once

#include <stddef.h>

struct cr_err;
struct cr_tcp_work;

/* Makes them. Gathers "gates", which are open by then. */
int cr_tcp_rendezvous(struct cr_tcp_work *w, struct cr_err *err);
