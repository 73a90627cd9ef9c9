// SPDX-License-Identifier: Apache-2.0
//
// A piece of a file of an image: what a shepherd tells its node's store of runs that its writers
// have stored (the payload of Pieces is an array of these), and what stores tell each other.
// Little endian, without holes.
#pragma once

#include <stdint.h>

enum cr_piece_file {
	CR_PIECE_PACK,
	CR_PIECE_STATE, /* between stores only */
	CR_PIECE_FILES,
};

struct cr_piece {
	uint64_t offset; /* in the file */
	uint64_t xxh3; /* of the stored bytes */
	uint32_t stored;
	uint32_t pages; /* as in PageRun; of no meaning here */
	uint16_t file; /* enum cr_piece_file */
	uint16_t codec; /* as in PageRun: LZ4 is not worth compressing again */
	uint32_t pad;
};
_Static_assert(sizeof(struct cr_piece) == 32, "goes over the wire as it is");
