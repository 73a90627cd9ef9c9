// SPDX-License-Identifier: Apache-2.0
//
// Connections that nobody has accepted.
#pragma once

struct cr_err;
struct cr_save;
struct unix_socket;

/* Those who wait to be accepted, as sockets of their own. */
int unix_backlog_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err);
