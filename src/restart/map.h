// SPDX-License-Identifier: Apache-2.0
//
// --map and plugins' paths, before anything looks at one; plugins may be NULL.
#pragma once

#include <stddef.h>

struct cr_err;
struct cr_file_rules;
struct cr_image;
struct cr_arg_list;
struct cr_plugins;

int cr_restart_map(struct cr_image *img, const struct cr_arg_list *maps, struct cr_plugins *plugins,
		   struct cr_file_rules *rules, struct cr_err *err);

/* One path of at most room bytes. */
int cr_map_path(const struct cr_arg_list *maps, char *path, size_t room, struct cr_err *err);
