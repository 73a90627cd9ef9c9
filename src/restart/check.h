// SPDX-License-Identifier: Apache-2.0
//
// Everything that can be known before anything is made.
#pragma once

#include "restart/examine.h"

struct cr_image;

/* Notes it, if it is an error; not 0: enough. */
int cr_obstacle(cr_obstacles *to, const char *kind, const struct cr_err *err);

/* CPU, programs and libraries, the pack; with its contents if that is asked for. */
int cr_check_image(const struct cr_image *img, bool allow_changed, bool contents, cr_obstacles *to);
int cr_check_pack(const struct cr_image *img, bool contents, cr_obstacles *to);

int cr_restart_check(const struct cr_image *img, bool allow_changed, struct cr_err *err);

/* Takes what the job surely does not use out of what its CPU had: beyond its baseline, ignored. */
int cr_restart_cpu(struct cr_image *img, const char *ignored, struct cr_err *err);

/* What no checksum covers must be zero. */
int cr_pack_check(const struct cr_image *img, struct cr_err *err);
