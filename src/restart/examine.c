// SPDX-License-Identifier: Apache-2.0
//
// Everything that can be known of a restart on this node without making anything: for --check,
// which is asked on a node before it is needed; and what the agent's backend asks of it, check.c,
// before each restart. Each check here notes what it finds and the next goes
// on. What only the restart itself can find out, such as a limit that is reached, is not here.
#include "restart/examine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/image_read.h"
#include "common/runtime.h"
#include "objects/core/index.h"
#include "objects/core/kernels.h"
#include "objects/core/reach.h"
#include "objects/core/socket.h"
#include "objects/file/regular.h"
#include "restart/sandbox.h"
#include "restart/check.h"
#include "restart/restart_plugins.h"
#include "restart/restart.h"
#include "shepherd/shepherd.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static void examine_note(cr_obstacles *to, const char *kind, bool prevents,
			 const struct cr_err *err)
{
	struct cr_obstacle *o;
	size_t i;

	/* Once, however many there are of a kind. */
	for (i = 0; i < to->list.n && strcmp(to->list.v[i].err.text, err->text); i++)
		;
	if (!err->status || i < to->list.n)
		return;
	o = cr_list_add(&to->list);
	if (o)
		*o = (struct cr_obstacle){ .kind = kind, .prevents = prevents, .err = *err };
}

/* ---- files that the job has open, folders that it is in ---- */

static void must_exist(const char *path, const char *what, int pid, cr_obstacles *to)
{
	struct cr_err err = { 0 };
	struct stat st;

	if (!path[0] || cr_is_kernels(path) || !cr_reach_stat(path, &st))
		return;
	if (cr_reach_hint(errno)[0])
		cr_fail(&err, CR_EXIT_CHANGED, 0, "%s, %s of process %d, cannot be used%s", path,
			what, pid, cr_reach_hint(errno));
	else
		cr_fail(&err, CR_EXIT_CHANGED, errno,
			"%s, %s of process %d, is missing (make it, or give --map)", path, what,
			pid);
	examine_note(to, "folder", true, &err);
}

static void examine_check_files(struct cr_restart *r, cr_obstacles *to)
{
	const struct cr_image *img = &r->img;
	size_t i;

	for (i = 0; i < img->inodes.n; i++) {
		struct cr_err err = { 0 };

		cr_inode_check(&r->objects, &img->inodes.v[i], &err);
		examine_note(to, "file", true, &err);
	}
	for (i = 0; i < img->processes.n; i++) {
		const cairn_Process *p = &img->processes.v[i].process;

		if (!p->zombie && !p->cwd_deleted)
			must_exist(p->cwd, "the working folder", p->pid, to);
		if (!p->zombie)
			must_exist(p->root, "the root", p->pid, to);
	}
}

static void check_descriptions(struct cr_restart *r, cr_obstacles *to)
{
	const struct cr_image *img = &r->img;
	size_t i;

	for (i = 0; i < img->descriptions.n; i++) {
		const cairn_Description *d = &img->descriptions.v[i];
		const struct cr_object *o = cr_object_of(r->objects.kinds, d->kind);
		struct cr_err err = { 0 };
		bool prevents = o && o->examine && o->examine(&r->objects, d, &err);

		examine_note(to, o ? o->lacks : NULL, prevents, &err);
	}
}

/* ---- namespaces and ids ---- */

static void examine_check_ids(struct cr_restart *r, cr_obstacles *to)
{
	enum cr_ids_option ids = r->sh->options.ids;
	struct cr_err why = { 0 }, err = { 0 };

	if (!r->sh->backend || !r->sh->backend->sandbox)
		return;
	if (ids == CR_IDS_VIRTUAL || !cr_sandbox_try(r, &why))
		return;
	if (ids == CR_IDS_AUTO)
		cr_fail(&err, why.status, 0, "ids will be virtual: %s", why.text);
	else
		err = why;
	examine_note(to, "namespaces", ids != CR_IDS_AUTO, &err);
}

static void examine_check_name(struct cr_restart *r, cr_obstacles *to)
{
	const char *name = r->sh->options.job.name ? r->sh->options.job.name : r->img.job.name;
	struct cr_err err = { 0 }, none = { 0 };
	cr_auto_fd fd = -1;

	if (!cr_name_check(name, &err))
		fd = cr_runtime_connect(name, &none);
	if (fd >= 0)
		cr_fail(&err, CR_EXIT_EXISTS, 0,
			"a job %s is running here already (end it with crctl kill, or give another "
			"--name)",
			name);
	examine_note(to, "name", true, &err);
}

/* ---- places in the network ---- */

static int try_bind(const cairn_InetSocket *s)
{
	cr_auto_fd fd = socket(s->family, s->type | SOCK_CLOEXEC, s->protocol);
	pb_size_t i;

	if (fd < 0)
		return errno;
	for (i = 0; i < s->options_count; i++)
		cr_option_restore(fd, &s->options[i]);
	if (s->type == SOCK_STREAM)
		cr_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (const struct sockaddr *)s->local.bytes, s->local.size))
		return errno;
	/* Two may be bound to one port, but only one may listen. */
	return s->state == 10 && listen(fd, 1) ? errno : 0;
}

static bool has_port(const cairn_InetSocket *s)
{
	return (s->family == AF_INET || s->family == AF_INET6) && s->local.size >= 16 &&
	       (s->local.bytes[2] || s->local.bytes[3]);
}

static void check_inet(const struct cr_restart *r, const cairn_InetSocket *s, cr_obstacles *to)
{
	unsigned int port = s->local.size >= 4 ? s->local.bytes[2] << 8 | s->local.bytes[3] : 0;
	const char *what = s->type == SOCK_STREAM ? "TCP" : "UDP";
	struct cr_err err = { 0 };
	int error;

	if (s->peer_kind == cairn_InetPeer_INET_PEER_OUTSIDE && s->type == SOCK_STREAM &&
	    !r->sh->options.tcp_repair)
		cr_fail(&err, CR_EXIT_CHANGED, 0,
			"a TCP connection from port %u to the outside will be reset (as root, "
			"--tcp=repair can keep it)",
			port);
	examine_note(to, "network", false, &err);
	if (!has_port(s) || s->state == 1 || (s->type != SOCK_STREAM && s->type != SOCK_DGRAM) ||
	    (s->type == SOCK_STREAM && s->state != 10))
		return;
	error = try_bind(s);
	cr_err_clear(&err);
	if (error == EADDRINUSE)
		cr_fail(&err, CR_EXIT_CHANGED, 0,
			"%s port %u, which the job has, is in use here (end who has it: ss -lnp "
			"'sport = :%u')",
			what, port, port);
	else if (error == EADDRNOTAVAIL && !r->img.job.homes.size)
		cr_fail(&err, CR_EXIT_CHANGED, error,
			"the address of the job's %s port %u is not of this node (add it: ip "
			"address add)",
			what, port);
	else if (error == EACCES)
		cr_fail(&err, CR_EXIT_PERMISSION, error,
			"%s port %u is for root here (restart as root, or lower "
			"net.ipv4.ip_unprivileged_port_start)",
			what, port);
	else if (error == EAFNOSUPPORT || error == EPROTONOSUPPORT)
		cr_fail(&err, CR_EXIT_CHANGED, error, "this node has no %s of the family %u", what,
			s->family);
	examine_note(to, "port", true, &err);
}

static void check_abstract(const cairn_UnixSocket *s, cr_obstacles *to)
{
	cr_auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct cr_err err = { 0 };

	if (!s->name.size || s->name.bytes[0] || s->state == cairn_UnixState_UNIX_WAITING ||
	    s->state == cairn_UnixState_UNIX_CONNECTED)
		return;
	memcpy(a.sun_path, s->name.bytes, s->name.size);
	if (fd >= 0 &&
	    bind(fd, (struct sockaddr *)&a,
		 offsetof(struct sockaddr_un, sun_path) + s->name.size) &&
	    errno == EADDRINUSE)
		cr_fail(&err, CR_EXIT_CHANGED, 0,
			"the unix socket @%.*s is in use here (end who has it: ss -xlp)",
			(int)s->name.size - 1, (const char *)s->name.bytes + 1);
	examine_note(to, "port", true, &err);
}

static void check_network(struct cr_restart *r, cr_obstacles *to)
{
	size_t i;

	for (i = 0; i < r->img.inet_sockets.n; i++)
		check_inet(r, &r->img.inet_sockets.v[i], to);
	for (i = 0; i < r->img.unix_sockets.n; i++)
		check_abstract(&r->img.unix_sockets.v[i], to);
}

/* ---- the kernel ---- */

static bool needs_secret(const struct cr_image *img)
{
	size_t i;

	for (i = 0; i < img->shared.n; i++)
		if (img->shared.v[i].memory.secret)
			return true;
	return false;
}

static bool has_secret(void)
{
	cr_auto_fd fd = syscall(SYS_memfd_secret, 0);

	return fd >= 0;
}

static bool needs_guard(const struct cr_image *img)
{
	size_t i, k;

	for (i = 0; i < img->processes.n; i++)
		for (k = 0; k < img->processes.v[i].runs.n; k++)
			if (img->processes.v[i].runs.v[k].codec == cairn_Codec_CODEC_GUARD)
				return true;
	return false;
}

static bool has_guard(void)
{
	void *at = mmap(NULL, CR_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool has = at != MAP_FAILED && !madvise(at, CR_PAGE, MADV_GUARD_INSTALL);

	if (at != MAP_FAILED)
		munmap(at, CR_PAGE);
	return has;
}

static bool needs_mqueue(const struct cr_image *img)
{
	return img->mqueues.n;
}

static bool has_mqueue(void)
{
	return !access("/proc/sys/fs/mqueue", F_OK);
}

static bool needs_sysv(const struct cr_image *img)
{
	return img->semaphores.n || img->messages.n;
}

static bool has_sysv(void)
{
	return !access("/proc/sysvipc/sem", F_OK);
}

static bool needs_filters(const struct cr_image *img)
{
	size_t i;

	for (i = 0; i < img->processes.n; i++)
		if (img->processes.v[i].core.filters)
			return true;
	return false;
}

static bool has_filters(void)
{
	return !access("/proc/sys/kernel/seccomp", F_OK);
}

static const struct {
	const char *name;
	bool (*needs)(const struct cr_image *img);
	bool (*has)(void);
} features[] = {
	{ "memfd_secret (boot with secretmem.enable=1)", needs_secret, has_secret },
	{ "guard pages (Linux 6.13)", needs_guard, has_guard },
	{ "POSIX message queues", needs_mqueue, has_mqueue },
	{ "SysV semaphores and queues", needs_sysv, has_sysv },
	{ "seccomp filters", needs_filters, has_filters },
};

static void check_kernel(struct cr_restart *r, cr_obstacles *to)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(features); i++) {
		struct cr_err err = { 0 };

		if (features[i].needs(&r->img) && !features[i].has())
			cr_fail(&err, CR_EXIT_CHANGED, 0,
				"this kernel does not let the job have %s (use a node whose kernel "
				"does)",
				features[i].name);
		examine_note(to, "kernel", true, &err);
	}
}

static uint64_t stored_bytes(const struct cr_image *img)
{
	uint64_t pages = 0;
	size_t i, k;

	for (i = 0; i < img->processes.n; i++)
		for (k = 0; k < img->processes.v[i].runs.n; k++)
			if (img->processes.v[i].runs.v[k].codec < cairn_Codec_CODEC_ZERO)
				pages += img->processes.v[i].runs.v[k].pages;
	for (i = 0; i < img->shared.n; i++)
		for (k = 0; k < img->shared.v[i].runs.n; k++)
			if (img->shared.v[i].runs.v[k].codec < cairn_Codec_CODEC_ZERO)
				pages += img->shared.v[i].runs.v[k].pages;
	return pages * CR_PAGE;
}

static void check_memory(struct cr_restart *r, cr_obstacles *to)
{
	cr_auto_free char *text = NULL;
	const char *line = cr_slurp(AT_FDCWD, "/proc/meminfo", &text) > 0 ?
				   strstr(text, "MemAvailable:") :
				   NULL;
	uint64_t available = line ? strtoull(line + 13, NULL, 10) << 10 : UINT64_MAX;
	uint64_t wanted = stored_bytes(&r->img);
	struct cr_err err = { 0 };

	if (wanted > available)
		cr_fail(&err, CR_EXIT_CHANGED, ENOMEM,
			"the job had %llu MiB of memory in use, this node has %llu MiB (free some)",
			(unsigned long long)wanted >> 20, (unsigned long long)available >> 20);
	examine_note(to, "memory", false, &err);
}

static void (*const checks[])(struct cr_restart *r, cr_obstacles *to) = {
	examine_check_ids, examine_check_name, examine_check_files, check_descriptions,
	check_network,	   check_kernel,       check_memory,
};

void cr_restart_examine(struct cr_restart *r, cr_obstacles *to)
{
	size_t i;

	to->all = true;
	if (r->img.processes.n || !r->img.archive_files.n)
		cr_check_image(&r->img, r->sh->options.allow_changed, true, to);
	else
		cr_check_pack(&r->img, true, to);
	for (i = 0; i < CR_ARRAY_SIZE(checks); i++)
		checks[i](r, to);
}

int cr_agent_check(struct cr_restart *r, struct cr_err *err)
{
	int ret = cr_restart_change(r, err);

	if (!ret)
		ret = cr_restart_check(&r->img, r->sh->options.allow_changed, err);
	return ret ? ret : cr_image_share(&r->img, err);
}
