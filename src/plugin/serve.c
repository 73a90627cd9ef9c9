// SPDX-License-Identifier: Apache-2.0
//
// The process of a plugin: a fork of the shepherd or of crrestart that has nothing of them but a
// socket. It loads the plugin, checks its descriptor and carries out calls until the socket ends.
// Whatever happens here, Cairn sees an answer, an end of the socket, or its patience ends.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "common/environment.h"
#include "common/err.h"
#include "common/io.h"
#include "plugin/plugin.h"
#include "plugin/serve.h"
#include "plugin/plugin_wire.h"

/* One per process, as the plugin is. */
static struct serving {
	const struct cr_plugins *ps;
	const struct cr_plugin *p;
	int sock;
	struct cairn_plugin plugin; /* what it says of itself, as far as we know of it */
	struct cairn_host host;
	enum cr_hook hook; /* that is being called */
	struct cr_plugin_msg m;
	bool said; /* fail() was called */
	void *own; /* of the plugin */
	size_t own_len;
	void *object; /* of what is being restored, or claimed */
	size_t object_len;
	char *changes; /* of environments */
	size_t changes_len;
	struct cairn_process *processes;
	size_t nprocesses;
} s;

/* ---- what a plugin may call ---- */

static void host_log(const struct cairn_host *host, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	cr_say("%s: %s", s.plugin.name ? s.plugin.name : s.p->stem, text);
}

static int host_fail(const struct cairn_host *host, int error, const char *format, ...)
{
	va_list ap;

	if (!s.said) {
		s.said = true;
		s.m.error = error > 0 && error < 4096 ? error : 0;
		va_start(ap, format);
		vsnprintf(s.m.text, sizeof(s.m.text), format, ap);
		va_end(ap);
	}
	return error > 0 ? -error : -EIO;
}

static bool serve_among(enum cr_hook hook, uint32_t hooks)
{
	return hooks >> hook & 1;
}

#define BIT(hook) (1u << CR_HOOK_##hook)
#define STORING (BIT(SUSPEND) | BIT(CHECKPOINT))
#define CLAIMING (BIT(CLAIM_FD) | BIT(CLAIM_MAPPING))
#define RESTORING (BIT(RESTORE_FD) | BIT(RESTORE_MAPPING))
#define WITH_JOB (STORING | CLAIMING | BIT(RESUME) | BIT(FAILED) | BIT(RESTART))

static const struct cairn_process *host_processes(const struct cairn_host *host, size_t *n)
{
	struct cr_plugin_process *all = NULL;
	size_t count = 0, i;

	*n = 0;
	if (!serve_among(s.hook, WITH_JOB) || !s.ps->processes)
		return NULL;
	s.ps->processes(s.ps->arg, &all, &count);
	free(s.processes);
	s.processes = calloc(count + 1, sizeof(*s.processes));
	for (i = 0; s.processes && i < count; i++)
		s.processes[i] = (struct cairn_process){ all[i].pid, all[i].id };
	free(all);
	*n = s.nprocesses = s.processes ? count : 0;
	return s.processes;
}

static int host_store(const struct cairn_host *host, const void *data, size_t len)
{
	bool object = serve_among(s.hook, CLAIMING);
	void **to = object ? &s.object : &s.own;
	void *copy;

	if (!serve_among(s.hook, STORING | CLAIMING))
		return -EPERM;
	if (len > CAIRN_STORE_MAX)
		return -EFBIG;
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, len);
	free(*to);
	*to = copy;
	*(object ? &s.object_len : &s.own_len) = len;
	return 0;
}

static const void *host_load(const struct cairn_host *host, size_t *len)
{
	bool object = serve_among(s.hook, CLAIMING | RESTORING);

	*len = object ? s.object_len : s.own_len;
	return object ? s.object : s.own;
}

/* What the plugin was told of, or what is there now. */
static bool serve_of_job(pid_t pid)
{
	size_t n, i;
	int again;

	for (again = 0; again < 2; again++) {
		for (i = 0; i < s.nprocesses; i++)
			if (s.processes[i].pid == pid)
				return true;
		host_processes(&s.host, &n);
	}
	return false;
}

static int host_memory(int32_t pid, uint64_t address, const void *here, size_t len, bool write)
{
	size_t done = 0;
	ssize_t n;

	if (!serve_among(s.hook, WITH_JOB) || !serve_of_job(pid))
		return -ESRCH;
	while (done < len) {
		struct iovec local = { (char *)here + done, len - done };
		struct iovec remote = { (void *)(uintptr_t)(address + done), len - done };

		n = write ? process_vm_writev(pid, &local, 1, &remote, 1, 0) :
			    process_vm_readv(pid, &local, 1, &remote, 1, 0);
		if (n <= 0)
			return n ? -errno : -EFAULT;
		done += n;
	}
	return 0;
}

static int host_read_memory(const struct cairn_host *host, int32_t pid, uint64_t address, void *to,
			    size_t len)
{
	return host_memory(pid, address, to, len, false);
}

static int host_write_memory(const struct cairn_host *host, int32_t pid, uint64_t address,
			     const void *from, size_t len)
{
	return host_memory(pid, address, from, len, true);
}

static int host_get_environment(const struct cairn_host *host, int32_t pid, const char *key,
				char *value, size_t room)
{
	cr_auto_free char *text = NULL;
	size_t n = strlen(key), at;
	char path[64];
	ssize_t len;

	if (!serve_among(s.hook, WITH_JOB) || !serve_of_job(pid))
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	len = cr_slurp(AT_FDCWD, path, &text);
	if (len < 0)
		return len;
	for (at = 0; at < (size_t)len; at += strlen(text + at) + 1) {
		if (strncmp(text + at, key, n) || text[at + n] != '=')
			continue;
		if (strlen(text + at + n + 1) >= room)
			return -ERANGE;
		strcpy(value, text + at + n + 1);
		return strlen(value);
	}
	return -ENOENT;
}

static int32_t serve_id_of(int32_t pid)
{
	size_t i;

	for (i = 0; i < s.nprocesses; i++)
		if (s.processes[i].pid == pid)
			return s.processes[i].id;
	return 0;
}

static int host_set_environment(const struct cairn_host *host, int32_t pid, const char *key,
				const char *value)
{
	size_t keys = strlen(key), values = value ? strlen(value) + 1 : 0;
	size_t len = sizeof(int32_t) + keys + values + 1;
	int32_t id = 0;
	char *to;

	if (s.hook != CR_HOOK_RESTART)
		return -EPERM;
	if (!keys || strchr(key, '=') || (value && key[keys - 1] == '*'))
		return -EINVAL;
	if (pid && (!serve_of_job(pid) || !(id = serve_id_of(pid))))
		return -ESRCH;
	if (len > CR_ENVIRONMENT_ROOM - s.changes_len)
		return -ENOSPC;
	to = realloc(s.changes, s.changes_len + len);
	if (!to)
		return -ENOMEM;
	s.changes = to;
	to += s.changes_len;
	memcpy(to, &id, sizeof(id));
	memcpy(to + sizeof(id), key, keys + 1);
	if (value)
		sprintf(to + sizeof(id) + keys, "=%s", value);
	s.changes_len += len;
	return 0;
}

/* ---- loading ---- */

static bool good_name(const char *name)
{
	size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	return n && n < CR_PLUGIN_NAME_MAX && !name[n];
}

static int serve_check(const struct cairn_plugin *d)
{
	const char *rest = (const char *)d;
	size_t i;

	if (d->abi > CAIRN_PLUGIN_ABI)
		return host_fail(NULL, 0,
				 "%s is too new: it is for version %u of the interface, this Cairn "
				 "has %u (take a newer Cairn, or build it against this one's "
				 "cairn/plugin.h)",
				 s.p->file, d->abi, CAIRN_PLUGIN_ABI);
	if (d->abi < 1 || d->size < offsetof(struct cairn_plugin, suspend))
		return host_fail(NULL, 0,
				 "%s has no usable descriptor (version %u of the interface, %u "
				 "bytes): build it against this Cairn's cairn/plugin.h",
				 s.p->file, d->abi, d->size);
	/* Fields that we do not know may be there, but not be used. */
	for (i = sizeof(*d); i < d->size; i++)
		if (rest[i])
			return host_fail(
				NULL, 0,
				"%s is too new: its descriptor has %u bytes and uses them, "
				"this Cairn knows %zu (take a newer Cairn)",
				s.p->file, d->size, sizeof(*d));
	memcpy(&s.plugin, d, d->size < sizeof(*d) ? d->size : sizeof(*d));
	if (!good_name(d->name)) {
		s.plugin.name = NULL;
		return host_fail(NULL, 0, "%s has no good name (a-z, 0-9 and -, at most %d)",
				 s.p->file, CR_PLUGIN_NAME_MAX - 1);
	}
	return 0;
}

#define AT(field) offsetof(struct cairn_plugin, field)
static const size_t places[CR_HOOKS] = {
	[CR_HOOK_SUSPEND] = AT(suspend),
	[CR_HOOK_CHECKPOINT] = AT(checkpoint),
	[CR_HOOK_RESUME] = AT(resume),
	[CR_HOOK_FAILED] = AT(failed),
	[CR_HOOK_RESTART] = AT(restart),
	[CR_HOOK_CLAIM_FD] = AT(claim_fd),
	[CR_HOOK_RESTORE_FD] = AT(restore_fd),
	[CR_HOOK_CLAIM_MAPPING] = AT(claim_mapping),
	[CR_HOOK_RESTORE_MAPPING] = AT(restore_mapping),
	[CR_HOOK_PATH] = AT(path),
	[CR_HOOK_ADDRESS] = AT(address),
};

typedef int (*plain_hook)(const struct cairn_host *);

/* Those without arguments are called by this. */
static plain_hook hook_at(enum cr_hook hook)
{
	return *(plain_hook *)((char *)&s.plugin + places[hook]);
}

static uint32_t hooks_of(void)
{
	uint32_t hooks = 0;
	int hook;

	for (hook = CR_HOOK_SUSPEND; hook < CR_HOOKS; hook++)
		hooks |= (uint32_t) !!hook_at(hook) << hook;
	return hooks;
}

static int serve_load(void *data, size_t len)
{
	const struct cairn_plugin *d;
	void *library;
	int ret;

	s.own = data;
	s.own_len = len;
	library = dlopen(s.p->file, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return host_fail(NULL, 0, "%s", dlerror());
	d = dlsym(library, "cairn_plugin");
	if (!d)
		return host_fail(NULL, 0, "%s is no plugin: it has no symbol cairn_plugin",
				 s.p->file);
	ret = serve_check(d);
	if (!ret && s.plugin.init)
		ret = s.plugin.init(&s.host, s.p->options);
	if (ret)
		return ret < 0 ? ret : host_fail(NULL, 0, "init() returned %d", ret);
	snprintf(s.m.name, sizeof(s.m.name), "%s", s.plugin.name);
	snprintf(s.m.version, sizeof(s.m.version), "%s", s.plugin.version ? s.plugin.version : "");
	s.m.hooks = hooks_of();
	s.m.flags = s.plugin.flags;
	return 0;
}

/* ---- calls ---- */

static int call_path(void)
{
	char to[CR_PATH_MAX] = "";
	int ret = s.plugin.path(&s.host, s.m.path, to, sizeof(to));

	if (ret > 0 && (to[0] != '/' || !memchr(to, 0, sizeof(to))))
		return host_fail(NULL, 0, "%s became no absolute path", s.m.path);
	if (ret > 0)
		strcpy(s.m.path, to);
	return ret;
}

/* fd: what came along; *back: what shall go back. */
static int serve_call(int fd, int *back)
{
	uint64_t offset;
	int ret;

	switch (s.hook) {
	case CR_HOOK_CLAIM_FD:
		s.m.fd.fd = fd;
		s.m.fd.path = s.m.path;
		return s.plugin.claim_fd(&s.host, &s.m.fd);
	case CR_HOOK_RESTORE_FD:
		s.m.fd.fd = -1;
		s.m.fd.path = s.m.path;
		ret = *back = s.plugin.restore_fd(&s.host, &s.m.fd);
		break;
	case CR_HOOK_CLAIM_MAPPING:
		s.m.mapping.path = s.m.path;
		return s.plugin.claim_mapping(&s.host, &s.m.mapping);
	case CR_HOOK_RESTORE_MAPPING:
		s.m.mapping.path = s.m.path;
		offset = s.m.mapping.offset;
		ret = *back = s.plugin.restore_mapping(&s.host, &s.m.mapping, &offset);
		s.m.mapping.offset = offset;
		break;
	case CR_HOOK_PATH:
		return call_path();
	case CR_HOOK_ADDRESS:
		return s.plugin.address(&s.host, (struct sockaddr *)&s.m.address, s.m.address_len);
	default:
		ret = hook_at(s.hook)(&s.host);
		return ret > 0 ? host_fail(NULL, 0, "a hook returned %d", ret) : ret;
	}
	if (ret >= 0 && fcntl(ret, F_GETFD) < 0) {
		*back = -1;
		return host_fail(NULL, errno, "%d is no descriptor", ret);
	}
	return ret < 0 ? ret : 0;
}

static void carry_out(void *data, size_t len, int fd)
{
	const struct cr_plugin_limit none = { 0, -1 };
	const void *answer = NULL;
	int back = -1;

	s.said = false;
	s.m.text[0] = 0;
	s.m.error = 0;
	s.changes_len = 0;
	s.hook = s.m.hook;
	if (s.hook != CR_HOOK_INIT) {
		free(s.object);
		s.object = data;
		s.object_len = len;
	}
	s.m.ret = s.hook == CR_HOOK_INIT ? serve_load(data, len) : serve_call(fd, &back);
	/* What a plugin has made of it does not matter then. */
	if (s.m.ret >= 0)
		s.m.error = 0;
	s.m.len = 0;
	if (s.m.ret >= 0 && s.hook == CR_HOOK_RESTART) {
		answer = s.changes;
		s.m.len = s.changes_len;
	} else if (s.m.ret > 0 && serve_among(s.hook, CLAIMING)) {
		answer = s.object;
		s.m.len = s.object_len;
	} else if (s.m.ret >= 0 && serve_among(s.hook, STORING)) {
		answer = s.own;
		s.m.len = s.own_len;
	}
	/* It may have blocked signals or called itself otherwise. */
	prctl(PR_SET_NAME, CR_PLUGIN_NAME);
	if (cr_plugin_send(s.sock, &s.m, answer, s.m.ret < 0 ? -1 : back, &none))
		_exit(1);
	cr_close_fd(&back);
}

/* Nothing of the process that it is a copy of: not its descriptors, handlers, session. */
static void serve_settle(int sock)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig, null;

	prctl(PR_SET_NAME, CR_PLUGIN_NAME);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setsid();
	for (sig = 1; sig < 65; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fcntl(2, F_GETFD) < 0)
		dup2(null, 2);
	dup2(null, 0);
	dup2(2, 1);
	/* Out of the way of what a plugin closes by mistake, as far as that goes. */
	s.sock = fcntl(sock, F_DUPFD_CLOEXEC, 3);
	if (s.sock > 3)
		syscall(SYS_close_range, 3, s.sock - 1, 0);
	syscall(SYS_close_range, s.sock + 1, ~0u, 0);
}

void cr_plugin_serve(const struct cr_plugins *ps, const struct cr_plugin *p, int sock)
{
	const struct cr_plugin_limit none = { 0, -1 };
	void *data;
	int fd;

	s.ps = ps;
	s.p = p;
	serve_settle(sock);
	s.host = (struct cairn_host){
		.abi = CAIRN_PLUGIN_ABI,
		.size = sizeof(s.host),
		.version = PACKAGE_VERSION,
		.job = ps->job ? ps->job : "",
		.course = ps->course,
		.timeout_ms = ps->timeout * 1000,
		.log = host_log,
		.fail = host_fail,
		.processes = host_processes,
		.store = host_store,
		.load = host_load,
		.read_memory = host_read_memory,
		.write_memory = host_write_memory,
		.get_environment = host_get_environment,
		.set_environment = host_set_environment,
	};
	while (!cr_plugin_recv(s.sock, &s.m, &data, &fd, &none)) {
		carry_out(data, s.m.len, fd);
		cr_close_fd(&fd);
	}
	_exit(0);
}
