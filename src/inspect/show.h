// SPDX-License-Identifier: Apache-2.0
//
// crimage show, in its parts.
#pragma once

#include "inspect/model.h"

/* show_shared.c: sockets and who is connected to whom; what several processes have in common. */
void cr_show_shared(const struct cr_model *m);

/* show_json.c */
void cr_show_json(const struct cr_model *m);
