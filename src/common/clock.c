// SPDX-License-Identifier: Apache-2.0
//
// The host's CLOCK_BOOTTIME. See clock.h. Hosted code.
#include "common/clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/io.h"

/* "boottime  SECONDS  NANOSECONDS" of the namespace that our children, and so we, are in. */
static int64_t namespace_offset(void)
{
	cr_auto_free char *text = NULL;
	long long s = 0, ns = 0;
	char *at;

	if (cr_slurp(AT_FDCWD, "/proc/self/timens_offsets", &text) <= 0)
		return 0;
	at = strstr(text, "boottime");
	if (!at || sscanf(at, "boottime %lld %lld", &s, &ns) != 2)
		return 0;
	return s * 1000000000ll + ns;
}

int64_t cr_host_boottime_ns(void)
{
	static bool known;
	static int64_t offset;

	if (!known) {
		offset = namespace_offset();
		known = true;
	}
	return cr_now_ns(CLOCK_BOOTTIME) - offset;
}
