// SPDX-License-Identifier: Apache-2.0
//
// Memory for daemons that may end at any time, crcoordinator and crnode: what they know is durable
// or told again, so without memory they say so and end, and whoever watches over them starts them
// again. Nothing here returns NULL. Not for what has a job to lose: a shepherd and what is in it.
#pragma once

#include <stddef.h>

#include "common/io.h"

void *cr_xmalloc(size_t size);
void *cr_xcalloc(size_t n, size_t size);
void *cr_xrealloc(void *p, size_t size);
char *cr_xstrdup(const char *text);

/* A copy of len bytes, and a zero behind them; NULL if there are none. */
void *cr_xmemdup(const void *data, size_t len);

/* p, or the end if it is NULL: size bytes were asked for. */
void *cr_xcheck(void *p, size_t size);

#define cr_xlist_add(list) ((__typeof__((list)->v))cr_xcheck(cr_list_add(list), sizeof(*(list)->v)))
