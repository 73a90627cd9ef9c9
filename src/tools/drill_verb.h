// SPDX-License-Identifier: Apache-2.0
//
// crctl drill; see drill_verb.c.
#pragma once

struct cr_ctl;

int cr_drill_verb(struct cr_ctl *c);
