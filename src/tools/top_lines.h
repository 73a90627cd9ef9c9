// SPDX-License-Identifier: Apache-2.0
//
// The lines of crctl top, in UTF-8 or the locale's own; nothing in them moves a cursor.
#pragma once

#include "tools/top_rows.h"

#define CR_TOP_LINE 1200
void cr_top_node_head(char out[CR_TOP_LINE]);
void cr_top_node_line(const cairn_NodeRow *n, char out[CR_TOP_LINE]);
void cr_top_job_head(bool cluster, char out[CR_TOP_LINE]);
void cr_top_job_line(bool cluster, const struct cr_top_job *j, char out[CR_TOP_LINE]);
