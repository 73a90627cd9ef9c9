// SPDX-License-Identifier: Apache-2.0
//
// Labels KEY=VALUE, which nodes have and jobs ask for.
#pragma once

#include "cluster.pb.h"

struct cr_err;

/* CR_EXIT_USAGE if it is none, or has more bytes than a label can. */
int cr_label_parse(const char *text, cairn_Label *out, struct cr_err *err);

/* One more that a job asks for. */
int cr_label_add(cairn_Policy *p, const char *text, struct cr_err *err);
