// SPDX-License-Identifier: Apache-2.0
//
// Names of functions, from ELF files.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct cr_symbols;

/* An empty table, or NULL. */
struct cr_symbols *cr_symbols_new(void);
void cr_symbols_free(struct cr_symbols *s);

/* Adds what a file, or one in memory, has of functions. What is no ELF file has none. */
void cr_symbols_add_file(struct cr_symbols *s, int fd);
void cr_symbols_add_image(struct cr_symbols *s, char *image, size_t len);

/* The function that an address of the file lies in, as it is written in the source; or NULL. */
const char *cr_symbols_find(struct cr_symbols *s, uint64_t addr, uint64_t *offset);
