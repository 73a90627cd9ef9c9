// SPDX-License-Identifier: Apache-2.0
//
// The processes of plugins during a checkpoint or a restart: made and loaded when it begins, called
// in order, told how it went, ended. Runs in the shepherd and crrestart. A process that is lost on
// the way is made again only to be told that the course has failed.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "common/err.h"
#include "plugin/plugin_call.h"
#include "plugin/course.h"
#include "plugin/list.h"
#include "plugin/serve.h"

static int course_load(struct cr_plugins *ps, struct cr_plugin *p, struct cr_err *err)
{
	struct cr_plugin_msg m = { .hook = CR_HOOK_INIT };
	int ret = cr_plugin_call(ps, p, &m, p->data, p->len, -1, NULL, NULL, err);

	if (ret < 0)
		return ret;
	strcpy(p->name, m.name);
	strcpy(p->version, m.version);
	p->hooks = m.hooks;
	p->flags = m.flags;
	return 0;
}

static int course_start(struct cr_plugins *ps, size_t k, struct cr_err *err)
{
	struct cr_plugin *p = &ps->v[k];
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "the plugin %s", p->stem);
	/* What is buffered would be written by both. */
	fflush(NULL);
	pid = ps->fork ? ps->fork(ps->arg, k) : fork();
	if (!pid)
		cr_plugin_serve(ps, p, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "a process for the plugin %s",
			       p->stem);
	}
	p->pid = pid;
	p->sock = pair[0];
	p->ended = syscall(SYS_pidfd_open, pid, 0);
	return course_load(ps, p, err);
}

static int course_check_name(struct cr_plugins *ps, size_t k, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < k; i++)
		if (!strcmp(ps->v[i].name, ps->v[k].name))
			return cr_fail(err, CR_EXIT_PLUGIN, 0, "%s and %s are both the plugin %s",
				       ps->v[i].file, ps->v[k].file, ps->v[k].name);
	return 0;
}

int cr_plugins_start(struct cr_plugins *ps, enum cairn_course course, struct cr_err *err)
{
	int ret = cr_plugins_find(ps, err);
	size_t i;

	ps->course = course;
	for (i = 0; i < ps->n && !ret; i++) {
		/* What the last checkpoint has stored is not this one's. */
		if (course != CAIRN_RESTART) {
			free(ps->v[i].data);
			ps->v[i].data = NULL;
			ps->v[i].len = 0;
		}
		ps->v[i].owed = false;
		ret = course_start(ps, i, err);
		if (!ret)
			ret = course_check_name(ps, i, err);
	}
	if (ret)
		cr_plugins_end(ps);
	return ret;
}

/* What a hook has stored, or, before the job runs at its new place, what it changes there. */
static int course_keep(struct cr_plugins *ps, struct cr_plugin *p, enum cr_hook hook, void *data,
		       size_t len)
{
	char *all;

	if (hook != CR_HOOK_RESTART) {
		free(p->data);
		p->data = data;
		p->len = len;
		return 0;
	}
	all = realloc(ps->changes, ps->changes_len + len);
	if (all) {
		memcpy(all + ps->changes_len, data, len);
		ps->changes = all;
		ps->changes_len += len;
	}
	free(data);
	return all ? 0 : -ENOMEM;
}

int cr_plugins_each(struct cr_plugins *ps, enum cr_hook hook, struct cr_err *err)
{
	struct cr_plugin_msg m;
	size_t i;
	int ret;

	for (i = 0; i < ps->n; i++) {
		struct cr_plugin *p = &ps->v[i];
		void *stored = NULL;

		if (hook == CR_HOOK_SUSPEND || hook == CR_HOOK_RESTART)
			p->owed = true;
		if (!cr_plugin_has(p, hook))
			continue;
		memset(&m, 0, sizeof(m));
		m.hook = hook;
		ret = cr_plugin_call(ps, p, &m, NULL, 0, -1, NULL, &stored, err);
		if (ret < 0)
			return ret;
		if (stored && (ret = course_keep(ps, p, hook, stored, m.len)))
			return cr_fail(err, CR_EXIT_INTERNAL, -ret, "what the plugin %s says",
				       p->name);
	}
	return 0;
}

/* Also of one that has no process any more. */
static void tell_failed(struct cr_plugins *ps, size_t k)
{
	struct cr_plugin_msg m = { .hook = CR_HOOK_FAILED };
	struct cr_plugin *p = &ps->v[k];
	struct cr_err err = { 0 };

	p->owed = false;
	if (!cr_plugin_has(p, CR_HOOK_FAILED))
		return;
	if ((!p->pid && course_start(ps, k, &err)) ||
	    cr_plugin_call(ps, p, &m, NULL, 0, -1, NULL, NULL, &err) < 0)
		cr_say("%s", err.text);
}

int cr_plugins_over(struct cr_plugins *ps, bool well, struct cr_err *err)
{
	struct cr_plugin_msg m;
	size_t i;
	int ret = 0;

	for (i = ps->n; well && i-- > 0;) {
		struct cr_plugin *p = &ps->v[i];

		if (!p->owed || !cr_plugin_has(p, CR_HOOK_RESUME))
			continue;
		memset(&m, 0, sizeof(m));
		m.hook = CR_HOOK_RESUME;
		ret = cr_plugin_call(ps, p, &m, NULL, 0, -1, NULL, NULL, err);
		if (ret < 0)
			break;
		p->owed = false;
	}
	ret = ret < 0 ? ret : 0;
	for (i = ps->n; (!well || ret) && i-- > 0;)
		if (ps->v[i].owed)
			tell_failed(ps, i);
	cr_plugins_end(ps);
	return ret;
}

void cr_plugins_end(struct cr_plugins *ps)
{
	size_t i;

	for (i = ps->n; i-- > 0;) {
		ps->v[i].owed = false;
		cr_plugin_end(&ps->v[i]);
	}
}

int cr_plugins_try(struct cr_plugins *ps, struct cr_err *err)
{
	int ret = cr_plugins_start(ps, CAIRN_LAUNCH, err);

	cr_plugins_end(ps);
	return ret;
}
