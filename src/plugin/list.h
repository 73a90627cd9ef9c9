// SPDX-License-Identifier: Apache-2.0
//
// Which plugins there are.
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct cr_err;
struct cr_plugin;
struct cr_plugins;

/*
 * Adds FILE[:OPTIONS]. From the command line a FILE with a slash is taken from here; one without is
 * looked for among those that came with Cairn. One that is there already gets these options.
 */
int cr_plugins_add(struct cr_plugins *ps, const char *given, struct cr_err *err);
/* Those of an image, each with a zero byte behind it, but those that are there already. */
int cr_plugins_inherit(struct cr_plugins *ps, const char *list, size_t len, struct cr_err *err);
/* The list for an image; its length, or -ENOSPC. */
ssize_t cr_plugins_list(const struct cr_plugins *ps, char *list, size_t room);
/* Finds their files; CR_EXIT_PLUGIN says where each was looked for. */
int cr_plugins_find(struct cr_plugins *ps, struct cr_err *err);
/* By what they are called in an image; NULL if it is not there. */
struct cr_plugin *cr_plugin_named(struct cr_plugins *ps, const char *name);
void cr_plugins_free(struct cr_plugins *ps);
