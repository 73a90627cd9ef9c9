// SPDX-License-Identifier: Apache-2.0
//
// What the user said is to become of files: rules PATTERN=keep|truncate|restore. The last one that
// matches counts.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/file_rules.h"

/* Adds one rule. CR_EXIT_USAGE. */
int cr_file_rule_add(struct cr_file_rules *rules, const char *rule, struct cr_err *err);

/* More rules, which win over those that are there. CR_EXIT_USAGE if they are too many. */
int cr_file_rules_join(struct cr_file_rules *rules, const char *more, size_t len,
		       struct cr_err *err);

/* Whether one of them is about the path, and what it says. */
bool cr_file_rule(const struct cr_file_rules *rules, const char *path, cairn_FilePolicy *policy);

/*
 * What programs keep beside a file and would take for newer truth than the file put back: goes into
 * the image with the file, or is set aside at a restart if it was not there. Ends with NULL.
 */
extern const char *const cr_companions[];
