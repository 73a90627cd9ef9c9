// SPDX-License-Identifier: Apache-2.0
//
// The options of unix sockets.
#pragma once

#include "common/image.h"

struct cr_err;
struct cr_save;
struct unix_defaults;
struct unix_socket;

int unix_defaults_read(struct unix_defaults *d);
void unix_options_save(const struct unix_defaults *d, struct unix_socket *u);
void unix_options_restore(int fd, const cairn_UnixSocket *m);
int unix_filter_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err);
