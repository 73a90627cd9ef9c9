// SPDX-License-Identifier: Apache-2.0
//
// For the plugin of test/plugin/probe.c: two processes that show a text of their memory, at the
// address that they have told in their environment, in the file "text" for as often as there is a
// file "ask". With --perf they share a descriptor and a mapping of perf, too, and look after both.
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[32] = "old";
static int perf = -1;
static struct perf_event_mmap_page *page;

static int open_perf(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE,
				     .size = sizeof(a),
				     .config = PERF_COUNT_SW_DUMMY,
				     .exclude_kernel = 1,
				     .exclude_hv = 1 };

	perf = syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
	if (perf < 0)
		return -1;
	perf = dup2(perf, 77);
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, perf, 0);
	return page == MAP_FAILED ? -1 : 0;
}

static const char *check_perf(void)
{
	unsigned long long count;
	char maps[4096], line[256];
	FILE *f;

	if (read(perf, &count, sizeof(count)) != sizeof(count))
		return "no counter";
	/* That it is one, and that it can be written. */
	if (page->version || page->data_size != 4096)
		return "no ring";
	page->data_tail = page->data_tail;
	snprintf(maps, sizeof(maps), "%lx-%lx rw-s", (unsigned long)page,
		 (unsigned long)page + 8192);
	f = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, maps, strlen(maps)) && strstr(line, "[perf_event]"))
			maps[0] = 0;
	fclose(f);
	return maps[0] ? "no mapping" : "";
}

static void show(const char *name)
{
	char new[64];
	FILE *f;

	snprintf(new, sizeof(new), "%s.new", name);
	f = fopen(new, "w");
	fprintf(f, "%s%s\n", text, page ? check_perf() : "");
	fclose(f);
	rename(new, name);
}

int main(int argc, char **argv)
{
	const char *name;
	char at[32];
	pid_t child;
	int i;

	if (!getenv("PROBE_AT") || strtoul(getenv("PROBE_AT"), NULL, 16) != (unsigned long)text) {
		snprintf(at, sizeof(at), "%lx", (unsigned long)text);
		setenv("PROBE_AT", at, 1);
		setenv("PROBE_HOME", "here", 1);
		execv("/proc/self/exe", argv);
		return 9;
	}
	if (argc > 1 && open_perf())
		return 77;
	child = fork();
	/* Such a mapping is not inherited. */
	if (!child && page)
		page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, perf, 0);
	name = child ? "text.1" : "text.2";
	for (i = 0; access("end", F_OK); i++) {
		if (!access("ask", F_OK) && access(name, F_OK))
			show(name);
		usleep(10000);
	}
	if (child)
		waitpid(child, &i, 0);
	return 0;
}
