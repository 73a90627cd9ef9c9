// SPDX-License-Identifier: Apache-2.0
//
// A look at processes that belong to no job, for crctl check: nothing of them is touched.
#pragma once

#include <sys/types.h>

#include "common/err.h"
#include "common/io.h"

typedef CR_LIST(struct cr_remark) cr_findings;

void cr_finding(cr_findings *to, bool prevents, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What would be in the way if pid and its descendants were a job. */
int cr_look(pid_t pid, cr_findings *to, struct cr_err *err);

/* The same of a command that is not running: which backend crlaunch would take, if any. */
int cr_look_at_command(const char *command, cr_findings *to, struct cr_err *err);

/* What a restart on this host cannot do exactly. */
void cr_look_at_host(cr_findings *to);
