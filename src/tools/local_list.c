// SPDX-License-Identifier: Apache-2.0
//
// crctl list: all jobs in the runtime directory, asked at the same time, so that one whose shepherd
// does not answer costs the others nothing. It is shown with what is known of it.
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/owner.h"
#include "common/json.h"
#include "common/runtime.h"
#include "common/wire.h"
#include "tools/local_list.h"
#include "tools/local_verbs.h"

#define LIST_MS 2000
#define CONNECT_MS 200

static struct cr_wire wire;

/* A line that its shepherd has no part in. */
static void fill_in(struct call *one, const char *state, size_t processes)
{
	memset(&one->reply, 0, sizeof(one->reply));
	snprintf(one->reply.job, sizeof(one->reply.job), "%s", one->job);
	snprintf(one->reply.state, sizeof(one->reply.state), "%s", state);
	one->nprocesses = 0;
	one->orphans = processes;
}

static int local_list_hear(struct call *one, int64_t end)
{
	int64_t left = (end - cr_now_ns(CLOCK_MONOTONIC)) / 1000000;
	int ret;

	do {
		memset(&one->reply, 0, sizeof(one->reply));
		ret = cr_reach_hear(&one->to, &wire, &one->reply, left > 0 ? left : 0);
	} while (ret == 1 && !(ret = cr_call_collect(one)) && !one->reply.last);
	return ret;
}

/* A shepherd that is not there: not yet, or not any more. */
static bool show_missing(struct call *one)
{
	cr_pids pids = { 0 };
	struct cr_owner o;

	if (cr_runtime_announced(one->job))
		fill_in(one, "starting", 0);
	else if (cr_left_over(one->job, &o, &pids))
		fill_in(one, "orphaned", pids.n);
	else
		return false;
	free(pids.v);
	return true;
}

static bool local_list_show(struct call *one, bool asked, int64_t end)
{
	int ret = asked ? local_list_hear(one, end) : -ENOENT;

	/* One that ended just now is no error of the list. */
	if (ret == -ETIMEDOUT)
		fill_in(one, cr_reach_state(&one->to), 0);
	else if (ret && !show_missing(one))
		return false;
	return true;
}

static void print(const struct call *one, bool asked, void *arg)
{
	const char *failure = one->reply.failure;

	if (one->json) {
		cr_status_json(one);
		return;
	}
	printf("%-20s %-10s ", one->reply.job, one->reply.state);
	if (asked || one->orphans)
		printf("%9zu", one->nprocesses + one->orphans);
	else
		printf("%9s", "-");
	printf("  %s%s%s%.*s%s\n",
	       *one->reply.checkpoint ? one->reply.checkpoint :
	       one->reply.last	      ? "none yet" :
					"-",
	       one->reply.unprotected ? " (unprotected)" : "", *failure ? " (" : "",
	       (int)strcspn(failure, ":"), failure, *failure ? ")" : "");
}

/* One name for each job: its announcement's, or its socket's if that is all. */
static bool local_list_name_of(char *file, const char *dir)
{
	char *suffix = strrchr(file, '.'), path[CR_PATH_MAX + NAME_MAX + 8];

	if (!suffix || suffix == file)
		return false;
	if (!strcmp(suffix, ".sock")) {
		*suffix = 0;
		snprintf(path, sizeof(path), "%s/%s.job", dir, file);
		return access(path, F_OK);
	}
	if (strcmp(suffix, ".job"))
		return false;
	*suffix = 0;
	return true;
}

static void local_list_ask_all(struct call *all, bool *asked, int n, const char *dir)
{
	char path[CR_PATH_MAX + NAME_MAX + 8];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s.sock", dir, all[i].job);
		asked[i] = !cr_reach_socket(path, CONNECT_MS, &all[i].to) &&
			   !cr_call_send(&all[i], cairn_Verb_VERB_STATUS);
	}
}

int cr_call_each(struct call *c, void (*row)(const struct call *one, bool asked, void *arg),
		 void *arg)
{
	char dir[CR_PATH_MAX];
	struct dirent **names;
	int ret = cr_runtime_dir(dir, c->err), n, i, count = 0;
	struct cr_err none = { 0 };
	struct call *all;
	bool *asked;
	int64_t end;

	if (ret)
		return ret;
	n = scandir(dir, &names, NULL, alphasort);
	all = calloc(n < 0 ? 1 : n + 1, sizeof(*all));
	asked = calloc(n < 0 ? 1 : n + 1, sizeof(*asked));
	if (n < 0 || !all || !asked)
		return cr_fail(c->err, CR_EXIT_IO, errno, "cannot list %s", dir);
	for (i = 0; i < n; i++)
		if (local_list_name_of(names[i]->d_name, dir))
			all[count++] = (struct call){ .json = c->json,
						      .job = names[i]->d_name,
						      .err = &none,
						      .to = { .fd = -1, .pidfd = -1 } };
	local_list_ask_all(all, asked, count, dir);
	end = cr_now_ns(CLOCK_MONOTONIC) + LIST_MS * 1000000ll;
	for (i = 0; i < count; i++) {
		if (local_list_show(&all[i], asked[i], end))
			row(&all[i], asked[i], arg);
		cr_reach_close(&all[i].to);
		free(all[i].processes);
	}
	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
	free(all);
	free(asked);
	return 0;
}

int cr_call_list(struct call *c)
{
	int ret;

	if (c->json)
		cr_json_array(c->json, NULL);
	else
		printf("%-20s %-10s %9s  %s\n", "JOB", "STATE", "PROCESSES", "CHECKPOINT");
	ret = cr_call_each(c, print, NULL);
	if (c->json)
		cr_json_end(c->json);
	return ret;
}
