// SPDX-License-Identifier: Apache-2.0
//
// What a log of CRIU's says, in one line. Hosted code.
#pragma once

#include <stddef.h>

#include "common/err.h"

/*
 * The cause of the failure that the text of a log tells of, and what can be done, in *out: known
 * ones in words of ours, others in CRIU's own. The exit status that it leads to; CR_EXIT_BACKEND if
 * the log has no error.
 */
enum cairn_exit cr_criu_cause(const char *text, char *out, size_t len);

/* The same of a log file, relative to dirfd. */
enum cairn_exit cr_criu_log_cause(int dir, const char *log, char *out, size_t len);
