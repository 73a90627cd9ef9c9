// SPDX-License-Identifier: Apache-2.0
//
// Regular files, at a restart.
#pragma once

#include "objects/core/object.h"

/* What NFS makes of a file unlinked while it is open: a name that goes with its last user. */
bool cr_silly_renamed(int fd, const char *path);

/* Whether a file is as its policy wants it; changes nothing. */
int cr_inode_check(const struct cr_restore *r, const cairn_Inode *m, struct cr_err *err);
/* Removes again what was put where nothing was. */
void cr_inodes_give_up(struct cr_restore *r);
/* Opens the file of an Inode; flags as for open(2). -errno. */
int cr_inode_open(const struct cr_restore *r, size_t index, int flags);
