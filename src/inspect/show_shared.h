// SPDX-License-Identifier: Apache-2.0
//
// crimage show: sockets with both their ends.
#pragma once

struct cr_model;

/* Sockets and who is connected to whom; what several processes have in common. */
void cr_show_shared(const struct cr_model *m);
