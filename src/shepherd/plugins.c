// SPDX-License-Identifier: Apache-2.0
//
// The plugins of a job: from the options, and from its image at a restart; and when they are called
// around a checkpoint. Runs in the shepherd. What a plugin does wrong fails the checkpoint, never
// the job.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/ids.h"
#include "plugin/course.h"
#include "plugin/list.h"
#include "shepherd/pids.h"
#include "shepherd/plugins.h"
#include "shepherd/shepherd.h"

/* In the process of a plugin, which is our child. */
static void plugins_processes(void *arg, struct cr_plugin_process **out, size_t *n)
{
	const struct cr_shepherd *sh = arg;
	cr_pids pids = { 0 };
	struct cr_proc_stat st;
	size_t i;

	cr_job_pids(AT_FDCWD, getppid(), &pids);
	*out = calloc(pids.n + 1, sizeof(**out));
	for (i = 0; *out && i < pids.n; i++) {
		if (cr_proc_stat(AT_FDCWD, pids.v[i], &st) || cr_proc_ended(&st))
			continue;
		(*out)[(*n)++] = (struct cr_plugin_process){
			pids.v[i],
			sh->ids ? cr_id_virtual(sh->ids, CR_ID_PROCESS, pids.v[i]) : pids.v[i],
		};
	}
	free(pids.v);
}

int cr_plugins_take(struct cr_shepherd *sh, const cairn_Job *job, struct cr_err *err)
{
	struct cr_plugins *ps = &sh->plugins;
	char list[sizeof(job->plugins.bytes)];
	unsigned int i;
	int ret = 0;

	for (i = 0; i < sh->options.plugins.n && !ret; i++)
		ret = cr_plugins_add(ps, sh->options.plugins.v[i], err);
	if (!ret && job)
		ret = cr_plugins_inherit(ps, (const char *)job->plugins.bytes, job->plugins.size,
					 err);
	if (!ret && cr_plugins_list(ps, list, sizeof(list)) < 0)
		ret = cr_fail(err, CR_EXIT_USAGE, 0, "--plugin: more than %zu bytes in all",
			      sizeof(list));
	/* Their hooks are called at points that other backends do not have. */
	if (!ret && ps->n && sh->backend && sh->backend->kind != CR_BACKEND_AGENT)
		ret = cr_fail(
			err, CR_EXIT_UNSUPPORTED, 0,
			"--plugin %s: plugins are for the backend agent, and this job is of %s",
			ps->v[0].stem, sh->backend->name);
	ps->job = sh->name;
	/* An image of a Cairn that did not know it has none. */
	if (!(sh->options.plugin_timeout >= 0.01 && sh->options.plugin_timeout <= 86400))
		sh->options.plugin_timeout = 60;
	ps->timeout = sh->options.plugin_timeout;
	return ret;
}

void cr_plugins_save(const struct cr_shepherd *sh, cairn_Job *job)
{
	ssize_t n = cr_plugins_list(&sh->plugins, (char *)job->plugins.bytes,
				    sizeof(job->plugins.bytes));

	job->plugins.size = n > 0 ? n : 0;
}

int cr_plugins_suspend(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	struct cr_plugins *ps = &sh->plugins;
	int ret;

	if (!ps->n)
		return 0;
	ps->processes = plugins_processes;
	ps->arg = sh;
	ps->fork = NULL;
	c->save.plugins = ps;
	/* The numbers are the same. */
	ret = cr_plugins_start(ps, (enum cairn_course)c->intent, &c->err);
	return ret ? ret : cr_plugins_each(ps, CR_HOOK_SUSPEND, &c->err);
}
