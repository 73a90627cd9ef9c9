// SPDX-License-Identifier: Apache-2.0
//
// crctl list: all jobs in the runtime directory.
#pragma once

struct call;

/* All jobs of the runtime directory. */
int cr_call_list(struct call *c);
