// SPDX-License-Identifier: Apache-2.0
//
// A save: every open file description of the job once.
#pragma once

#include "objects/core/object.h"

/* Shows what fd, a duplicate of a process's descriptor number, is. -errno if it is closed. */
int cr_fd_view_read(struct cr_fd_view *v, int fd, pid_t pid, int number);
/*
 * The description behind a view, described at first sight. v->fd is taken over. Also for those
 * that are in no process's table, such as in flight. CR_EXIT_UNSUPPORTED names what cannot be
 * saved.
 */
int cr_description_note(struct cr_save *s, struct cr_fd_view *v, uint32_t *id, struct cr_err *err);

/* The row for a view, or NULL. */
const struct cr_object *cr_object_for(const struct cr_save *s, const struct cr_fd_view *v);
/* Fills *err for what no row matches. */
int cr_refuse(const struct cr_fd_view *v, struct cr_err *err);
struct cr_saved_description *cr_description_noted(const struct cr_save *s, uint32_t id);
/* Another one of the same inode than d, or NULL. */
const cairn_Description *cr_description_sibling(const struct cr_save *s, const struct stat *st,
						const cairn_Description *d);
/* For crctl check: what will come back different. */
void cr_remark(struct cr_save *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What kinds have to add once all is noted; stores nothing without a writer. */
int cr_objects_each_finish(struct cr_save *s, struct cr_err *err);
/* Everything collected by saves: contents and records. While the job stands still. */
int cr_objects_finish(struct cr_save *s, struct cr_err *err);
/* Closes the duplicates, when the job may go on. */
void cr_save_close(struct cr_save *s);
void cr_save_free(struct cr_save *s);
