// SPDX-License-Identifier: Apache-2.0
//
// The form of a fuzzer's input: a struct fuzz_head, then the manifest, state.img and pages.pack.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum fuzz_mode {
	FUZZ_RAW,	/* the files are as given */
	FUZZ_CHECKSUMS, /* lengths and checksums are made right */
	FUZZ_WHOLE,	/* also what the manifest says of the files, and the End record */
	FUZZ_MODES,
};

struct fuzz_head {
	uint8_t mode; /* modulo FUZZ_MODES */
	uint8_t pad;
	uint16_t manifest; /* lengths of the first two; the rest is the pack */
	uint32_t state;
};

#define FUZZ_INPUT_MAX (256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* verbs.c: what crimage says of the image in dir; img: as it was opened, NULL if that failed. */
struct cr_image;
void fuzz_verbs(struct cr_image *img, const char *dir);
