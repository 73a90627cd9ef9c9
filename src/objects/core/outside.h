// SPDX-License-Identifier: Apache-2.0
//
// What the shepherd itself was started with.
#pragma once

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A descriptor that the shepherd was started with: the outside world, never saved. */
struct cr_slot {
	int fd;
	struct stat st;
	bool tty;
};

#define CR_SLOTS 64
#define CR_STANDARD 3 /* input, output, error */

/* What the shepherd itself was started with. */
struct cr_outside {
	struct cr_slot slots[CR_SLOTS];
	unsigned int nslots;
	dev_t tty; /* rdev of its terminal, 0 for none */
	struct rlimit limit; /* RLIMIT_NOFILE, before the shepherd raised its own */
};

void cr_outside_read(struct cr_outside *out);
