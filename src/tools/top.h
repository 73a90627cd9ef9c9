// SPDX-License-Identifier: Apache-2.0
//
// crctl top: nodes and jobs on a terminal, as they are from moment to moment.
#pragma once

struct cr_ctl;

int cr_top_run(struct cr_ctl *c);
