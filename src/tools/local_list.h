// SPDX-License-Identifier: Apache-2.0
//
// crctl list: all jobs in the runtime directory.
#pragma once

#include <stdbool.h>

struct call;

/* All jobs of the runtime directory. */
int cr_call_list(struct call *c);

/* Each of them, by what is known; asked: its shepherd could be. */
int cr_call_each(struct call *c, void (*row)(const struct call *one, bool asked, void *arg),
		 void *arg);
