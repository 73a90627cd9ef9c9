// SPDX-License-Identifier: Apache-2.0
//
// Working and root directories.
#pragma once

#include "common/image.h"

struct cr_err;
struct cr_process_image;
struct cr_restart;

int cr_set_directory(struct cr_restart *r, const struct cr_process_image *p, struct cr_err *err);
/* Last, since from then on there is no /proc. The working directory stays outside if it was. */
int cr_set_root(const struct cr_restart *r, const cairn_Process *m, struct cr_err *err);
