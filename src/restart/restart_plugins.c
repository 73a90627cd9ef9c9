// SPDX-License-Identifier: Apache-2.0
//
// Plugins at a restart: those that change what the image says, before anything looks at it, in
// crrestart; and all of them again in the sandbox, in processes of the shepherd's, until the job
// runs. A plugin that fails ends the restart.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/environment.h"
#include "common/image_read.h"
#include "plugin/plugin_call.h"
#include "plugin/course.h"
#include "plugin/list.h"
#include "restart/restart_ids.h"
#include "restart/map.h"
#include "restart/restart_pids.h"
#include "restart/restart_plugins.h"
#include "restart/restart.h"
#include "shepherd/plugins.h"
#include "shepherd/shepherd.h"

/* What they have stored, for those that are here. */
static int give_data(struct cr_restart *r, bool *any, struct cr_err *err)
{
	struct cr_plugins *ps = &r->sh->plugins;
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img.plugins.n && !ret; i++) {
		const cairn_Plugin *m = &r->img.plugins.v[i];
		struct cr_plugin *p = cr_plugin_named(ps, m->name);

		if (!p)
			return cr_fail(err, CR_EXIT_PLUGIN, 0,
				       "the checkpoint was made with the plugin %s %s, which is "
				       "not among those that are loaded now (--plugin)",
				       m->name, m->version);
		if (!m->has_data || p->data)
			continue;
		if (m->data.size > CAIRN_STORE_MAX)
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image's data of the plugin %s",
				       m->name);
		ret = cr_image_read_blob(&r->img, &m->data, &p->data, err);
		p->len = ret ? 0 : m->data.size;
		*any = true;
	}
	return ret;
}

static bool any_has(const struct cr_plugins *ps, enum cr_hook hook)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		if (cr_plugin_has(&ps->v[i], hook))
			return true;
	return false;
}

static int change_address(struct cr_plugins *ps, void *bytes, size_t len, struct cr_err *err)
{
	struct cr_plugin_msg *m;
	sa_family_t family;
	size_t i;
	int ret = 0;

	if (len < sizeof(struct sockaddr_in) || len > sizeof(m->address))
		return 0;
	memcpy(&family, bytes, sizeof(family));
	if (family != AF_INET && (family != AF_INET6 || len < sizeof(struct sockaddr_in6)))
		return 0;
	m = malloc(sizeof(*m));
	if (!m)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart");
	for (i = 0; i < ps->n && ret >= 0; i++) {
		if (!cr_plugin_has(&ps->v[i], CR_HOOK_ADDRESS))
			continue;
		memset(m, 0, sizeof(*m));
		m->hook = CR_HOOK_ADDRESS;
		m->address_len = len;
		memcpy(&m->address, bytes, len);
		ret = cr_plugin_call(ps, &ps->v[i], m, NULL, 0, -1, NULL, NULL, err);
		if (ret <= 0)
			continue;
		/* The image has the old one's size everywhere. */
		if (m->address.sin6_family != family)
			ret = cr_fail(err, CR_EXIT_PLUGIN, 0,
				      "the plugin %s changed the family of an address",
				      ps->v[i].name);
		else
			memcpy(bytes, &m->address, len);
	}
	free(m);
	return ret < 0 ? ret : 0;
}

static int change_addresses(struct cr_restart *r, struct cr_err *err)
{
	struct cr_plugins *ps = &r->sh->plugins;
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img.inet_sockets.n && !ret; i++) {
		cairn_InetSocket *s = &r->img.inet_sockets.v[i];

		ret = change_address(ps, s->local.bytes, s->local.size, err);
		if (!ret)
			ret = change_address(ps, s->remote.bytes, s->remote.size, err);
	}
	for (i = 0; i < r->img.datagrams.n && !ret; i++) {
		cairn_Datagram *d = &r->img.datagrams.v[i];

		ret = change_address(ps, d->sender.bytes, d->sender.size, err);
		if (!ret)
			ret = change_address(ps, d->target.bytes, d->target.size, err);
	}
	return ret;
}

int cr_restart_change(struct cr_restart *r, struct cr_err *err)
{
	const struct cr_options *o = &r->sh->options;
	struct cr_plugins *ps = &r->sh->plugins;
	bool any = false;
	int ret;

	snprintf(r->sh->name, sizeof(r->sh->name), "%.*s", CR_NAME_MAX,
		 o->job.name ? o->job.name : r->img.job.name);
	ret = cr_plugins_take(r->sh, &r->img.job, err);
	if (!ret)
		ret = cr_plugins_start(ps, CAIRN_RESTART, err);
	if (!ret)
		ret = give_data(r, &any, err);
	/* Their names had to be known first. */
	if (!ret && any && (any_has(ps, CR_HOOK_PATH) || any_has(ps, CR_HOOK_ADDRESS))) {
		cr_plugins_end(ps);
		ret = cr_plugins_start(ps, CAIRN_RESTART, err);
	}
	if (!ret)
		ret = cr_restart_map(&r->img, &o->maps, any_has(ps, CR_HOOK_PATH) ? ps : NULL,
				     &r->sh->options.files, err);
	if (!ret && any_has(ps, CR_HOOK_ADDRESS))
		ret = change_addresses(r, err);
	cr_plugins_end(ps);
	return ret;
}

/* ---- in the sandbox ---- */

/* As the image has them; in a plugin's process. */
static void restart_plugins_processes(void *arg, struct cr_plugin_process **out, size_t *n)
{
	struct cr_restart *r = arg;
	size_t i;

	*out = calloc(r->img.processes.n + 1, sizeof(**out));
	for (i = 0; *out && i < r->img.processes.n; i++) {
		const cairn_Process *p = &r->img.processes.v[i].process;

		if (!p->zombie && cr_real(r, p->pid) > 0)
			(*out)[(*n)++] = (struct cr_plugin_process){ cr_real(r, p->pid), p->pid };
	}
}

/* With an id that nobody in the job wants, behind those of the restart's own helpers. */
static pid_t make(void *arg, size_t k)
{
	struct cr_restart *r = arg;
	pid_t id = cr_spare_id(r, r->img.processes.n + k);

	return cr_clone_as(r, r->objects.virtual_ids ? 0 : id, 0, SIGCHLD);
}

int cr_restart_plugins(struct cr_restart *r, struct cr_err *err)
{
	struct cr_plugins *ps = &r->sh->plugins;

	if (!ps->n)
		return 0;
	ps->processes = restart_plugins_processes;
	ps->arg = r;
	ps->fork = make;
	r->objects.plugins = ps;
	return cr_plugins_start(ps, CAIRN_RESTART, err);
}

int cr_restart_plugins_ready(struct cr_restart *r, struct cr_err *err)
{
	struct cr_environment *e = r->environment;
	struct cr_plugins *ps = &r->sh->plugins;
	int ret = cr_plugins_each(ps, CR_HOOK_RESTART, err);

	if (!ret && ps->changes_len > sizeof(e->text))
		ret = cr_fail(err, CR_EXIT_PLUGIN, ENOSPC,
			      "what plugins change in the environment");
	if (!ret && ps->changes_len) {
		memcpy(e->text, ps->changes, ps->changes_len);
		e->len = ps->changes_len;
	}
	free(ps->changes);
	ps->changes = NULL;
	ps->changes_len = 0;
	return ret;
}
