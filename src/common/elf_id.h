// SPDX-License-Identifier: Apache-2.0
//
// What a program file is: build-id, static or dynamic, setuid. By libelf. Hosted code.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cr_elf_info {
	bool elf; /* an ELF file at all */
	bool interpreter; /* asks for a dynamic linker, so LD_PRELOAD works */
	bool native; /* 64-bit x86 */
	bool position_independent;
	char interpreter_path[256];
	unsigned char build_id[32];
	size_t build_id_len;
};

/* 0 or -errno; a file that is no ELF is not an error. */
int cr_elf_read(int fd, struct cr_elf_info *out);

/* The value of a symbol that a library exports; 0 if it has none of that name. */
uint64_t cr_elf_symbol(int fd, const char *name);
