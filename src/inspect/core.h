// SPDX-License-Identifier: Apache-2.0
//
// A saved process as an ELF core file, for debuggers.
#pragma once

struct cr_err;
struct cr_image;
struct cr_inspect;
struct cr_process_image;

/* To a file, where it is sparse, or to a pipe. */
int cr_core_write(const struct cr_image *img, const struct cr_process_image *p, int fd,
		  struct cr_err *err);

int cr_inspect_core(struct cr_inspect *in);
