// SPDX-License-Identifier: Apache-2.0
//
// TCP connections to the outside that live on.
#pragma once

struct cr_err;
struct cr_inet;
struct cr_inet_new;
struct cr_restore;
struct cr_save;

int cr_tcp_repair_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err);
void cr_tcp_repair_end(int fd, int reuse);
int cr_tcp_repair_restore(struct cr_restore *r, struct cr_inet_new *k, struct cr_err *err);
