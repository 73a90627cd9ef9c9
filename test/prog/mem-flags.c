// SPDX-License-Identifier: Apache-2.0
/* What smaps tells of mappings of every kind, their VmFlags, is what it was. */
#include "maps.h"

#define LEN (8 * PAGE)
#define MOST 48
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

static struct {
	char *at;
	const char *what;
	char flags[128];
} all[MOST];
static int n;

/*
 * Of the mapping with an address; without what the kernel notes for itself: who has been written
 * to, and what counts as committed.
 */
static void read_flags(const char *at, char *out, size_t room)
{
	char line[1024], *p;

	CHECK(maps_line(at, "VmFlags:", line, sizeof(line)));
	*out = 0;
	for (p = strtok(line + 8, " \n"); p; p = strtok(NULL, " \n"))
		if (strcmp(p, "sd") && strcmp(p, "ac") && strlen(out) + 4 < room)
			strcat(strcat(out, p), " ");
}

static void add(int prot, int flags, int fd, int advice, const char *what)
{
	/* A page between two keeps them apart. */
	char *at = mmap(NULL, LEN + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED && n < MOST);
	at += PAGE;
	/* What is not to be had here. */
	if (mmap(at, LEN, prot, flags | MAP_FIXED, fd, 0) == MAP_FAILED ||
	    (advice >= 0 && madvise(at, LEN, advice)))
		return;
	all[n].at = at;
	all[n++].what = what;
}

static void check(void)
{
	char now[128];
	int i;

	for (i = 0; i < n; i++) {
		read_flags(all[i].at, now, sizeof(now));
		if (strcmp(now, all[i].flags))
			prog_fail(__FILE__, __LINE__, "%s: %s, not %s", all[i].what, now,
				  all[i].flags);
	}
}

int main(int argc, char **argv)
{
	const int rw = PROT_READ | PROT_WRITE, anon = MAP_PRIVATE | MAP_ANONYMOUS;
	int fd, ro, i;

	prog_init(argc, argv);
	fd = prog_file("f", LEN, 1, O_RDWR);
	ro = prog_file("g", LEN, 1, O_RDONLY);
	add(rw, anon, -1, -1, "private");
	add(PROT_READ, anon, -1, -1, "read only");
	add(PROT_NONE, anon, -1, -1, "no access");
	add(PROT_READ | PROT_EXEC, anon, -1, -1, "executable");
	add(rw, anon | MAP_NORESERVE, -1, -1, "MAP_NORESERVE");
	add(rw, anon | MAP_GROWSDOWN, -1, -1, "MAP_GROWSDOWN");
	add(rw, anon | MAP_STACK, -1, -1, "MAP_STACK");
	add(rw, anon | MAP_POPULATE, -1, -1, "MAP_POPULATE");
	add(rw, anon | MAP_LOCKED, -1, -1, "MAP_LOCKED");
	add(rw, MAP_ANONYMOUS | MAP_DROPPABLE, -1, -1, "MAP_DROPPABLE");
	add(PROT_READ, MAP_ANONYMOUS | MAP_DROPPABLE, -1, -1, "MAP_DROPPABLE, read only");
	add(rw, MAP_SHARED | MAP_ANONYMOUS, -1, -1, "shared");
	add(PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, -1, "shared, read only");
	add(rw, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, -1, "shared, MAP_NORESERVE");
	add(rw, MAP_SHARED, fd, -1, "shared file");
	add(PROT_READ, MAP_SHARED, fd, -1, "shared file, read only");
	add(PROT_READ, MAP_SHARED, ro, -1, "shared file, opened to read");
	add(rw, MAP_PRIVATE, ro, -1, "private file");
	add(PROT_READ, MAP_PRIVATE, ro, -1, "private file, read only");
	add(rw, MAP_PRIVATE | MAP_NORESERVE, ro, -1, "private file, MAP_NORESERVE");
	add(rw, anon, -1, MADV_DONTFORK, "MADV_DONTFORK");
	add(rw, anon, -1, MADV_WIPEONFORK, "MADV_WIPEONFORK");
	add(rw, anon, -1, MADV_DONTDUMP, "MADV_DONTDUMP");
	add(rw, anon, -1, MADV_MERGEABLE, "MADV_MERGEABLE");
	add(rw, anon, -1, MADV_HUGEPAGE, "MADV_HUGEPAGE");
	add(rw, anon, -1, MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE");
	add(rw, anon, -1, MADV_RANDOM, "MADV_RANDOM");
	add(rw, anon, -1, MADV_SEQUENTIAL, "MADV_SEQUENTIAL");
	add(rw, MAP_SHARED | MAP_ANONYMOUS, -1, MADV_DONTFORK, "shared, MADV_DONTFORK");
	add(rw, MAP_SHARED | MAP_ANONYMOUS, -1, MADV_DONTDUMP, "shared, MADV_DONTDUMP");
	add(PROT_READ, MAP_SHARED, ro, MADV_RANDOM, "shared file, MADV_RANDOM");
	add(PROT_READ, MAP_PRIVATE, ro, MADV_SEQUENTIAL, "private file, MADV_SEQUENTIAL");
	add(rw, MAP_PRIVATE, ro, MADV_DONTFORK, "private file, MADV_DONTFORK");
	for (i = 0; i < n; i++)
		read_flags(all[i].at, all[i].flags, sizeof(all[i].flags));
	prog_ready();
	prog_watch(check);
	prog_pass();
}
