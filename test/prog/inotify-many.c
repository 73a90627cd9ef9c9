// SPDX-License-Identifier: Apache-2.0
/* Hundreds of watches, more than any table of paths has room for, while events come and go. */
#include "inotify.h"

#define N 600

static int wds[N];

static char *name(int i, const char *file)
{
	static char path[PATH_MAX];

	/* Long ones. */
	snprintf(path, sizeof(path), "%s/%0150d%s", prog_dir, i, file);
	return path;
}

int main(int argc, char **argv)
{
	int fd, i;

	prog_init(argc, argv);
	fd = inotify_init1(IN_NONBLOCK);
	CHECK(fd >= 0);
	for (i = 0; i < N; i++) {
		CHECK(!mkdir(name(i, ""), 0755));
		wds[i] = in_watch(fd, name(i, ""), IN_CREATE | IN_DELETE);
	}
	prog_ready();
	for (i = 0; !prog_done(); i = (i + 1) % N) {
		in_touch(name(i, "/f"));
		prog_nap_ms(1);
		in_expect(fd, "%d %x f", wds[i], IN_CREATE);
		CHECK(!unlink(name(i, "/f")));
		prog_nap_ms(1);
		in_expect(fd, "%d %x f", wds[i], IN_DELETE);
	}
	in_expect(fd, "none");
	for (i = 0; i < N; i += 7) {
		in_touch(name(i, "/g"));
		in_expect(fd, "%d %x g", wds[i], IN_CREATE);
	}
	prog_pass();
}
