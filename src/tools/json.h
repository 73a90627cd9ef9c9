// SPDX-License-Identifier: Apache-2.0
//
// Strings as JSON.
#pragma once

#include <stdio.h>

/* With quotes. Bytes that are no UTF-8 are written as the characters of the same number. */
static inline void cr_json_string(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	fputc('"', out);
	for (; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p >= 0x7f)
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}
