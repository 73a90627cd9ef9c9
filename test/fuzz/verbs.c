// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes crimage: each of its verbs on an image that may be anything, with its output thrown away.
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/image.h"
#include "inspect/backtrace.h"
#include "inspect/core.h"
#include "inspect/diff.h"
#include "inspect/env.h"
#include "inspect/extract.h"
#include "inspect/inspect_files.h"
#include "inspect/inspect.h"
#include "inspect/show.h"
#include "inspect/verify.h"
#include "objects/shape/model.h"

/* A core file has all memory, zeros too: more than this would only take long. */
#define CORE_MAX (64ull << 20)

struct asked {
	int (*verb)(struct cr_inspect *in);
	bool json, all;
	size_t n;
	const char *of[3];
};

static void ask(struct cr_image *img, const struct asked *a)
{
	static struct cr_inspect in;
	size_t i;

	in = (struct cr_inspect){ .json = a->json, .all = a->all, .n_of = a->n, .img = img };
	for (i = 0; i < a->n; i++)
		in.of[i] = a->of[i];
	/* A refusal says why. */
	if (a->verb(&in) && !in.err.text[0])
		abort();
}

static uint64_t mapped(const struct cr_image *img)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < img->processes.n; i++) {
		struct cr_pages pages = cr_pages_of_process(&img->processes.v[i]);

		if (pages.mapped > CORE_MAX)
			return pages.mapped;
		bytes += pages.mapped;
	}
	return bytes;
}

/* By its path, whether the reader takes it or not. */
static void ask_closed(const char *dir)
{
	const struct asked asked[] = {
		{ cr_inspect_verify, false, false, 1, { dir } },
		{ cr_inspect_verify, true, false, 1, { dir } },
		{ cr_inspect_diff, false, false, 2, { dir, dir } },
		{ cr_inspect_diff, true, false, 2, { dir, dir } },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(asked); i++)
		ask(NULL, &asked[i]);
}

static void ask_opened(struct cr_image *img, const char *dir)
{
	char range[64] = "1:1000-2000", fd[64] = "1:0";
	const struct asked asked[] = {
		{ cr_inspect_show, false, true, 1, { dir } },
		{ cr_inspect_show, true, false, 1, { dir } },
		{ cr_inspect_files, false, false, 1, { dir } },
		{ cr_inspect_files, true, false, 1, { dir } },
		{ cr_inspect_env, true, false, 1, { dir } },
		{ cr_inspect_extract, false, false, 2, { dir, range } },
		{ cr_inspect_extract, false, false, 2, { dir, fd } },
		{ cr_inspect_backtrace, false, true, 1, { dir } },
		{ cr_inspect_core, false, false, 1, { dir } },
	};
	size_t i;

	if (img->processes.n && img->processes.v[0].vmas.n) {
		const cairn_Vma *v = &img->processes.v[0].vmas.v[0];

		snprintf(range, sizeof(range), "%d:%llx-%llx", v->pid,
			 (unsigned long long)v->start, (unsigned long long)v->start + CR_PAGE);
	}
	if (img->processes.n && img->processes.v[0].fds.n &&
	    img->processes.v[0].fds.v[0].fds_count)
		snprintf(fd, sizeof(fd), "%d:%d", img->processes.v[0].process.pid,
			 img->processes.v[0].fds.v[0].fds[0]);
	for (i = 0; i < CR_ARRAY_SIZE(asked); i++)
		if (asked[i].verb != cr_inspect_core || mapped(img) <= CORE_MAX)
			ask(img, &asked[i]);
}

void fuzz_verbs(struct cr_image *img, const char *dir)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), out;

	fflush(stdout);
	out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (null < 0 || out < 0)
		abort();
	dup2(null, STDOUT_FILENO);
	ask_closed(dir);
	if (img)
		ask_opened(img, dir);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(null);
}
