// SPDX-License-Identifier: Apache-2.0
//
// crimage show: what is in a checkpoint, for people.
#include <stdio.h>

#include "common/json.h"
#include "inspect/inspect.h"

static void show_json(const struct cr_image *img)
{
	struct cr_json j = { .out = stdout };
	size_t i;

	cr_json_object(&j, NULL);
	cr_json_text(&j, "path", img->path);
	cr_json_text(&j, "job", img->job.name);
	cr_json_array(&j, "processes");
	for (i = 0; i < img->processes.n; i++) {
		cr_json_object(&j, NULL);
		cr_json_int(&j, "pid", img->processes.v[i].process.pid);
		cr_json_text(&j, "name", img->processes.v[i].process.comm);
		cr_json_size(&j, "threads", img->processes.v[i].threads.n);
		cr_json_end(&j);
	}
	cr_json_end(&j);
	cr_json_end(&j);
}

int cr_inspect_show(struct cr_inspect *in)
{
	const struct cr_image *img = in->img;
	size_t i;

	if (in->json) {
		show_json(img);
		return 0;
	}
	printf("%s: job %s\n", img->path, img->job.name);
	for (i = 0; i < img->processes.n; i++)
		printf("  %d %s, %zu threads\n", img->processes.v[i].process.pid,
		       img->processes.v[i].process.comm, img->processes.v[i].threads.n);
	return 0;
}
