// SPDX-License-Identifier: Apache-2.0
//
// The programs and libraries in a saved process's memory.
#pragma once

#include "image.pb.h"

struct cr_memory;
struct cr_symbols;

struct cr_err;
struct cr_process_image;

struct cr_module {
	const cairn_Vma *vma; /* one of its mappings */
	uint64_t start, end; /* addresses that it has been found for */
	uint64_t bias; /* from an address in the file to one in memory */
	uint64_t table; /* .eh_frame_hdr, 0: none */
	struct cr_symbols *symbols; /* NULL: not asked for yet */
	bool changed; /* its file is not there any more, or another: known when symbols are */
};

struct cr_modules;

int cr_modules_open(struct cr_modules **out, struct cr_memory *m, const struct cr_process_image *p,
		    struct cr_err *err);
void cr_modules_close(struct cr_modules *ms);

/* The one that an address is in, or NULL; to be used until the next call. */
struct cr_module *cr_modules_find(struct cr_modules *ms, uint64_t addr);

/* The function at an address of a module, or NULL. */
const char *cr_module_symbol(struct cr_modules *ms, struct cr_module *m, uint64_t addr,
			     uint64_t *offset);

/* Its file's name, or that of the kernel's own. */
const char *cr_module_name(const struct cr_module *m);
