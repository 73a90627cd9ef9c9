// SPDX-License-Identifier: Apache-2.0
//
// What waits to be accepted, when it is known who is whose peer.
#pragma once

#include "objects/inet.h"

int cr_tcp_save_backlogs(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err);
