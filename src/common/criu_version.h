// SPDX-License-Identifier: Apache-2.0
//
// CRIU's version as CRIU numbers it, and as people write it.
#pragma once

#include <stdio.h>

/* "4.2.1". */
static inline const char *cr_criu_version_text(int version, char out[16])
{
	int n = snprintf(out, 16, "%d.%d", version / 10000, version / 100 % 100);

	if (version % 100)
		snprintf(out + n, 16 - n, ".%d", version % 100);
	return out;
}
