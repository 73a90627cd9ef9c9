// SPDX-License-Identifier: Apache-2.0
/* User and group ids, supplementary groups, capabilities and host name stay. */
#include "prog.h"

static uid_t u[3];
static gid_t g[3], groups[256];
static int n_groups;
static char caps[8192], host[256];

/* The lines of status on ids and rights. */
static void rights(char *out, size_t size)
{
	static char buf[8192];
	char *line, *save;

	CHECK(prog_slurp("/proc/self/status", buf, sizeof(buf)) > 0);
	*out = 0;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, "Cap", 3) || !strncmp(line, "Uid", 3) ||
		    !strncmp(line, "Gid", 3) || !strncmp(line, "NoNewPrivs", 10))
			snprintf(out + strlen(out), size - strlen(out), "%s\n", line);
}

int main(int argc, char **argv)
{
	gid_t now[256], r, e, s;
	char text[8192];
	uid_t a, b, c;

	prog_init(argc, argv);
	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	n_groups = getgroups(256, groups);
	gethostname(host, sizeof(host));
	rights(caps, sizeof(caps));
	prog_ready();
	prog_wait();
	getresuid(&a, &b, &c);
	CHECK(a == u[0] && b == u[1] && c == u[2]);
	getresgid(&r, &e, &s);
	CHECK(r == g[0] && e == g[1] && s == g[2]);
	CHECK_EQ(getgroups(256, now), n_groups);
	CHECK(!memcmp(now, groups, n_groups * sizeof(*now)));
	rights(text, sizeof(text));
	CHECK(!strcmp(text, caps));
	gethostname(text, sizeof(text));
	CHECK(!strcmp(text, host));
	prog_pass();
}
