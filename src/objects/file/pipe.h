// SPDX-License-Identifier: Apache-2.0
//
// Pipes and FIFOs, and their content.
#pragma once

#include "objects/core/object.h"

/* The Pipe for an inode, its content stored at first sight. */
int cr_pipe_note(struct cr_save *s, const struct cr_fd_view *v, const char *path, uint32_t *id,
		 struct cr_err *err);
int cr_pipe_index(const struct cr_image *img, uint32_t id);
