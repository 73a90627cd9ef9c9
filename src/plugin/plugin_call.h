// SPDX-License-Identifier: Apache-2.0
//
// One call of a hook, from Cairn's side.
#pragma once

#include <stddef.h>

struct cr_err;
struct cr_plugin;
struct cr_plugin_msg;
struct cr_plugins;

/*
 * Calls a hook with m (which is also the answer) and data; fd goes along, *got comes back. What was
 * stored or set is in *answer, malloced. ret of the hook or -errno with *err filled.
 */
int cr_plugin_call(struct cr_plugins *ps, struct cr_plugin *p, struct cr_plugin_msg *m,
		   const void *data, size_t len, int fd, int *got, void **answer,
		   struct cr_err *err);
void cr_plugin_end(struct cr_plugin *p);
