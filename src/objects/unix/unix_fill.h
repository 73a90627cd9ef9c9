// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets being filled and connected.
#pragma once

struct cr_err;
struct cr_restore;
struct unix_made;

int unix_fill(struct cr_restore *r, struct unix_made *made, struct cr_err *err);
