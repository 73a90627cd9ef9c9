/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc/self/smaps says about a mapping, for the test programs on memory. */
#ifndef TEST_MAPS_H
#define TEST_MAPS_H

#include "prog.h"

/* One reading of smaps: the line of the mapping with this address that starts with key, or "". */
static inline void maps_read(const void *addr, const char *key, char line[1024])
{
	unsigned long lo, hi, at = (unsigned long)addr;
	FILE *f = fopen("/proc/self/smaps", "re");
	bool inside = false, found = false;

	CHECK(f);
	while (!found && fgets(line, 1024, f)) {
		if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
			inside = at >= lo && at < hi;
		found = inside && (!*key || !strncmp(line, key, strlen(key)));
	}
	fclose(f);
	if (!found)
		*line = 0;
}

static inline bool maps_same(const void *addr, const char *key, char last[1024])
{
	char line[1024];
	bool same;

	maps_read(addr, key, line);
	same = !strcmp(line, last);
	strcpy(last, line);
	return same;
}

/*
 * The line of smaps for the mapping with this address that starts with key; false if none. It is
 * read until two readings agree: one with a restart amid goes on at its offset in another text.
 */
static inline bool maps_line(const void *addr, const char *key, char *out, size_t size)
{
	char line[1024];

	maps_read(addr, key, line);
	CHECK(PROG_SOON(maps_same(addr, key, line)));
	if (*line && out)
		snprintf(out, size, "%s", line);
	return *line;
}

/* A value in kB, such as Rss, of the mapping with this address. */
static inline long maps_kb(const void *addr, const char *key)
{
	char line[1024];
	long kb = -1;

	CHECK(maps_line(addr, key, line, sizeof(line)));
	CHECK(sscanf(strchr(line, ':') + 1, "%ld", &kb) == 1);
	return kb;
}

/* Whether the mapping has a flag, by its two letters in VmFlags. */
static inline bool maps_flag(const void *addr, const char *flag)
{
	char line[1024], want[8];

	CHECK(maps_line(addr, "VmFlags:", line, sizeof(line)));
	snprintf(want, sizeof(want), " %s ", flag);
	return strstr(line, want);
}

/* Whether the mapping has these permissions, as "rw-p". */
static inline bool maps_perm(const void *addr, const char *perm)
{
	char line[1024];

	CHECK(maps_line(addr, "", line, sizeof(line)));
	return !strncmp(strchr(line, ' ') + 1, perm, 4);
}

#endif
