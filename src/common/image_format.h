// SPDX-License-Identifier: Apache-2.0
//
// Headers of the files of a checkpoint, little endian as on disk. Private to image_*.c and tests.
#pragma once

#include <stdint.h>

#define CR_MANIFEST_MAGIC                              \
	{                                              \
		'C', 'A', 'I', 'R', 'N', 'M', 'A', 'N' \
	}
#define CR_STATE_MAGIC                                 \
	{                                              \
		'C', 'A', 'I', 'R', 'N', 'S', 'T', 'A' \
	}

/* The version stands twice so that a damaged byte is not taken for a newer format. */
struct cr_file_header {
	char magic[8];
	uint32_t version;
	uint32_t version_inverted;
};

struct cr_manifest_header {
	struct cr_file_header file;
	uint64_t length;
	uint64_t hash; /* XXH3 of the Manifest message that follows */
};

struct cr_record_header {
	uint32_t type;
	uint32_t length;
	uint64_t hash; /* XXH3 of the message that follows, seeded with type */
};

