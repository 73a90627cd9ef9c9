// SPDX-License-Identifier: Apache-2.0
//
// One call of a hook, from Cairn's side. Runs in the shepherd or crrestart, which waits for the
// answer, but no longer than the time limit; a plugin that ends, talks nonsense or is too slow has
// its process killed, and the error names it. What its process has made is killed with it.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cairn/exit_codes.h"
#include "common/err.h"
#include "common/proc.h"
#include "plugin/plugin_call.h"
#include "plugin/plugin.h"
#include "plugin/plugin_wire.h"

static const char *const names[CR_HOOKS] = {
	[CR_HOOK_INIT] = "init",
	[CR_HOOK_SUSPEND] = "suspend",
	[CR_HOOK_CHECKPOINT] = "checkpoint",
	[CR_HOOK_RESUME] = "resume",
	[CR_HOOK_FAILED] = "failed",
	[CR_HOOK_RESTART] = "restart",
	[CR_HOOK_CLAIM_FD] = "claim_fd",
	[CR_HOOK_RESTORE_FD] = "restore_fd",
	[CR_HOOK_CLAIM_MAPPING] = "claim_mapping",
	[CR_HOOK_RESTORE_MAPPING] = "restore_mapping",
	[CR_HOOK_PATH] = "path",
	[CR_HOOK_ADDRESS] = "address",
};

/* Everyone below a plugin's process, which is the reaper of all that its children leave behind. */
static void plugin_call_find_below(cr_pids *out, const void *pid)
{
	size_t i;

	cr_proc_children(AT_FDCWD, *(const pid_t *)pid, out);
	for (i = 0; i < out->n; i++)
		cr_proc_children(AT_FDCWD, out->v[i], out);
}

/* If it is dead, we are that, and find them by its session. */
static void find_orphans(cr_pids *out, const void *pid)
{
	pid_t session = *(const pid_t *)pid;
	struct cr_proc_stat st;
	size_t i, n = 0;

	cr_proc_children(AT_FDCWD, getpid(), out);
	for (i = 0; i < out->n; i++)
		if (!cr_proc_stat(AT_FDCWD, out->v[i], &st) && st.session == session &&
		    out->v[i] != session)
			out->v[n++] = out->v[i];
	out->n = n;
}

/* Its wait status; -1 if it is not known. */
static int plugin_call_end(struct cr_plugin *p)
{
	int status = -1;
	pid_t pid = p->pid;

	cr_close_fd(&p->sock);
	cr_close_fd(&p->ended);
	p->pid = 0;
	if (!pid)
		return -1;
	kill(pid, SIGSTOP);
	cr_proc_kill(plugin_call_find_below, &pid);
	cr_proc_kill(find_orphans, &pid);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

void cr_plugin_end(struct cr_plugin *p)
{
	plugin_call_end(p);
}

static const char *plugin_call_name_of(const struct cr_plugin *p)
{
	return p->name[0] ? p->name : p->stem;
}

/* No answer: says why, and ends its process. */
static int plugin_call_lost(struct cr_plugins *ps, struct cr_plugin *p, enum cr_hook hook,
			    int error, struct cr_err *err)
{
	int status;

	if (error == -ETIMEDOUT) {
		plugin_call_end(p);
		return cr_fail(err, CR_EXIT_PLUGIN, 0,
			       "the plugin %s did not come back from its hook %s in %g s "
			       "(--plugin-timeout)",
			       plugin_call_name_of(p), names[hook], ps->timeout);
	}
	/* It is on its way out: its status says more than our signal. */
	if (error == -EPIPE || error == -ECONNRESET) {
		siginfo_t info = { 0 };
		int tries;

		for (tries = 0; tries < 200 && !info.si_pid; tries++)
			if (waitid(P_PID, p->pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL))
				break;
			else if (!info.si_pid)
				usleep(1000);
	}
	status = plugin_call_end(p);
	if (status != -1 && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		return cr_fail(err, CR_EXIT_PLUGIN, 0, "the plugin %s crashed in its hook %s: %s",
			       plugin_call_name_of(p), names[hook], strsignal(WTERMSIG(status)));
	if (error == -EPIPE || error == -ECONNRESET)
		return cr_fail(
			err, CR_EXIT_PLUGIN, 0,
			"the process of the plugin %s ended, or closed its connection, in its "
			"hook %s",
			plugin_call_name_of(p), names[hook]);
	return cr_fail(err, CR_EXIT_PLUGIN, -error,
		       "the process of the plugin %s gave no good answer to %s",
		       plugin_call_name_of(p), names[hook]);
}

int cr_plugin_call(struct cr_plugins *ps, struct cr_plugin *p, struct cr_plugin_msg *m,
		   const void *data, size_t len, int fd, int *got, void **answer,
		   struct cr_err *err)
{
	struct cr_plugin_limit limit = { cr_now_ns(CLOCK_MONOTONIC) + (int64_t)(ps->timeout * 1e9),
					 p->ended };
	enum cr_hook hook = m->hook;
	void *back = NULL;
	int ret;

	if (!p->pid)
		return cr_fail(err, CR_EXIT_PLUGIN, 0, "the plugin %s has no process any more",
			       plugin_call_name_of(p));
	m->len = len;
	ret = cr_plugin_send(p->sock, m, data, fd, &limit);
	if (!ret)
		ret = cr_plugin_recv(p->sock, m, &back, got, &limit);
	if (!ret && (m->hook != hook || (m->ret >= 0 && m->error))) {
		if (got)
			cr_close_fd(got);
		free(back);
		back = NULL;
		ret = -EBADMSG;
	}
	if (ret)
		return plugin_call_lost(ps, p, hook, ret, err);
	if (m->ret < 0) {
		if (got)
			cr_close_fd(got);
		free(back);
		back = NULL;
		if (m->text[0])
			return cr_fail(err, CR_EXIT_PLUGIN, m->error > 0 ? m->error : 0,
				       "the plugin %s: %s", plugin_call_name_of(p), m->text);
		return cr_fail(err, CR_EXIT_PLUGIN, m->ret > -4096 ? -m->ret : 0,
			       "the plugin %s failed in its hook %s", plugin_call_name_of(p),
			       names[hook]);
	}
	if (answer)
		*answer = back;
	else
		free(back);
	return m->ret;
}
