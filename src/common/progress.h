// SPDX-License-Identifier: Apache-2.0
//
// What a long operation is doing, in one line on standard error while that is a terminal: how far
// it is, how fast, how long it will take. Nothing is shown of what is over within half a second,
// and nothing is left of the line at the end. Hosted code.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cr_progress {
	bool terminal, shown;
	int64_t began_ns, drawn_ns;
};

void cr_progress_begin(struct cr_progress *p);

/* What is being done; drawn five times a second at most. */
void cr_progress_say(struct cr_progress *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* So many bytes of so many; of 0: nobody knows how many there will be. */
void cr_progress_bytes(struct cr_progress *p, const char *what, uint64_t done, uint64_t of);

/* Before something else is written to the terminal; and at the end. */
void cr_progress_clear(struct cr_progress *p);
