// SPDX-License-Identifier: Apache-2.0
//
// Terminals of the job's own, during a save.
#pragma once

#include "objects/core/object.h"

/* Once all is noted: refuses those whose other side is not in the job. */
int cr_ptys_check(struct cr_save *s, struct cr_err *err);
/* Whether a pty of the job is the controlling terminal of a session. */
bool cr_pty_leads(const struct cr_save *s, pid_t session);
