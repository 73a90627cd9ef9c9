// SPDX-License-Identifier: Apache-2.0
//
// Files during a save: each once, however often it is open or mapped.
#pragma once

#include "objects/core/object.h"

/*
 * The Inode for a file, made at first sight; policies only rise. fd is duplicated. Other kinds than
 * regular files have one only if they are deleted. It is the m of a cr_saved_inode.
 */
cairn_Inode *cr_inode_note(struct cr_save *s, int fd, const struct stat *st, const char *path,
			   bool deleted, cairn_FilePolicy policy);
/* One noted before, or NULL. */
const cairn_Inode *cr_inode_noted(const struct cr_save *s, uint64_t dev, uint64_t inode);
/* The same for a mapping, as /proc/PID/maps shows it. */
const cairn_Inode *cr_inode_mapped(const struct cr_save *s, const char *path, bool deleted,
				   uint64_t dev, uint64_t inode);
int64_t cr_stat_ns(const struct timespec *t);
/* Whether fd is a description that its content can be read from. */
bool cr_inode_readable(int fd);
