// SPDX-License-Identifier: Apache-2.0
//
// Paths of a job, which others may have changed since: nothing is done to one by more rights than
// its owner had, nor through a symbolic link that was not there. See reach.c.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "common/image.h"

/* On whose behalf paths are touched: a process of the image, NULL for ourselves, */
struct cr_behalf {
	const struct cr_process_image *of;
	/* and a file that may be opened anyway if it is the same; without id: mapped only */
	const cairn_Inode *same;
};

/* From now on; returns what was before, to be given back. */
struct cr_behalf cr_on_behalf(struct cr_behalf next);
struct cr_behalf cr_behalf_now(void);

/*
 * Around calls that take no path, such as by descriptor: with the rights that path is to have;
 * NULL: with ours. Whatever is within has the same.
 */
void cr_rights_for(const char *path);
void cr_rights_back(void);

/*
 * As open(2) without O_CREAT, for what is of this kind (S_IFREG, 0 for any) only: never opens, so
 * never waits at, anything else. ELOOP: a link is in the way; ESTALE: it is of another kind;
 * EMLINK: it has other names now, and is not the file that it was. -1 and errno.
 */
int cr_reach_open(const char *path, int flags, mode_t kind);
/* What at is, opened anew with the rights for path; NULL: ours. */
int cr_reach_again(int at, const char *path, int flags);
/* A new regular file, for reading and writing; EEXIST. */
int cr_reach_create(const char *path, int flags, mode_t mode);
/* As stat(2), but that a link that was not there is ELOOP. */
int cr_reach_stat(const char *path, struct stat *st);
/* As the calls of those names; nothing follows a link at the end. */
int cr_reach_mkdir(const char *path, mode_t mode);
int cr_reach_rmdir(const char *path);
int cr_reach_unlink(const char *path);
int cr_reach_mkfifo(const char *path, mode_t mode);
int cr_reach_symlink(const char *target, const char *path);
int cr_reach_rename(const char *from, const char *to);
int cr_reach_link(const char *from, const char *to);

/* What to say behind a failure of these: empty for what strerror() tells. */
const char *cr_reach_hint(int error);
