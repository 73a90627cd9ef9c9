// SPDX-License-Identifier: Apache-2.0
//
// Terminals of the job's own, at a restart: the hooks, and what its processes need.
#pragma once

#include "objects/core/object.h"

int cr_ptys_prepare(struct cr_restore *r, struct cr_err *err);
int cr_pty_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);
int cr_pty_settle(struct cr_restore *r, const cairn_Description *d, int fd,
		  const struct cr_process_image *p, struct cr_err *err);
void cr_ptys_free(struct cr_restore *r);

/* At a restart: the pty that is now what number was; -1 for none. */
int cr_pty_number(const struct cr_restore *r, uint32_t number);
/* In the process that has just started session: takes its controlling terminal, if it has one. */
int cr_pty_lead(const struct cr_restore *r, pid_t session);
/* Whether it has one, and an own descriptor of it; the saved foreground group. */
bool cr_pty_of(const struct cr_restore *r, pid_t session, int *fd, pid_t *foreground);
