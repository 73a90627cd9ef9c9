// SPDX-License-Identifier: Apache-2.0
//
// Contents of files, and what else they have.
#pragma once

#include "objects/core/object.h"

int cr_content_reserve(struct cr_restore *r, const cairn_Inode *m, int fd, struct cr_err *err);
int cr_content_put(struct cr_restore *r, const cairn_Inode *m, int fd, struct cr_err *err);
void cr_inode_times(const cairn_Inode *m, int fd);
void cr_inode_attributes(struct cr_restore *r, const cairn_Inode *m, int fd);
