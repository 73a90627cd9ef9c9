// SPDX-License-Identifier: Apache-2.0
//
// Times and sizes as people write them: 90, 1.5h, 1h30m, 250ms; 4096, 10G, 1.5MiB.
#pragma once

#define CR_UNIT_TEXT 32

/* Seconds, which a plain number is; NAN: it is no time. */
double cr_time_of(const char *text);
/* Bytes, which a plain number is; NAN: it is no size. */
double cr_size_of(const char *text);

/* In the largest unit that leaves no fraction; what they print the two above read. */
const char *cr_time_text(double seconds, char out[CR_UNIT_TEXT]);
const char *cr_size_text(double bytes, char out[CR_UNIT_TEXT]);
/* A number: 1000000 and 1e12. */
const char *cr_number_text(double v, char out[CR_UNIT_TEXT]);
