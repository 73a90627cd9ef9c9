// SPDX-License-Identifier: Apache-2.0
//
// PAGEMAP_SCAN (Linux 6.7, Documentation/admin-guide/mm/pagemap.rst), for headers that lack it.
#pragma once

#include <stdint.h>

struct cr_pagemap_scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

struct cr_page_region {
	uint64_t start, end, categories;
};

#define CR_PAGEMAP_SCAN 0xc0606610ul
#define CR_PAGE_IS_FILE (1 << 2)
#define CR_PAGE_IS_PRESENT (1 << 3)
#define CR_PAGE_IS_SWAPPED (1 << 4)
#define CR_PAGE_IS_PFNZERO (1 << 5)
#define CR_PAGE_IS_GUARD (1 << 8)
