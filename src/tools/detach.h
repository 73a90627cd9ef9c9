// SPDX-License-Identifier: Apache-2.0
//
// --detach: the command returns when the job runs, and its shepherd goes on in the background.
#pragma once

#include <stdbool.h>

struct cr_err;

/*
 * Forks; the parent waits for cr_detach_done(), prints the name, with json as {"job": NAME}, and
 * exits. The child is in a session of its own. A terminal as standard input becomes /dev/null, as
 * output DIR.log.
 */
int cr_detach(const char *name, const char *directory, bool json, struct cr_err *err);

/* In the child, once the job runs (0) or will not (its exit status). No-op if not detached. */
void cr_detach_done(int status);
