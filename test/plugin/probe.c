// SPDX-License-Identifier: Apache-2.0
//
// A plugin for tests: notes each hook in the file named by its options and misbehaves where it is
// told to. Options: LOG[,write][,HOOK=WHAT]..., WHAT being one of misbehave(); r-HOOK at a restart.
// Compiled by the tests, with PROBE its name; ABI, SIZE, CLAIMS and MORE may be defined, too.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cairn/plugin.h"

#ifndef ABI
#define ABI CAIRN_PLUGIN_ABI
#endif
#ifndef SIZE
#ifdef MORE
#define SIZE (sizeof(struct cairn_plugin) + sizeof(void *))
#else
#define SIZE sizeof(struct cairn_plugin)
#endif
#endif

static const char *options_now = "";

/* A hook has a socket to answer by: found as a plugin would by mistake. */
static void to_sockets(int nonsense)
{
	char bytes[9000];
	struct stat st;
	int fd;

	memset(bytes, 0x41, sizeof(bytes));
	for (fd = 3; fd < 1024; fd++) {
		if (fstat(fd, &st))
			continue;
		if (nonsense && S_ISSOCK(st.st_mode) && write(fd, bytes, sizeof(bytes)) < 0)
			return;
		if (!nonsense)
			close(fd);
	}
}

/* Leaves processes behind, one of a session of its own. */
static void leave_children(void)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (fork())
			continue;
		if (i == 2)
			prctl(PR_SET_NAME, "left-behind");
		if (i && fork())
			_exit(0);
		for (;;)
			sleep(1000);
	}
}

static int misbehave(const struct cairn_host *host, const char *what)
{
	sigset_t all;

	if (!strncmp(what, "fail", 4))
		return host->fail(host, EACCES, "as it was told");
	if (!strncmp(what, "errno", 5))
		return -ENOENT;
	if (!strncmp(what, "odd", 3))
		return 7;
	if (!strncmp(what, "crash", 5))
		raise(SIGSEGV);
	if (!strncmp(what, "exit", 4))
		exit(0);
	if (!strncmp(what, "close", 5))
		to_sockets(0);
	if (!strncmp(what, "nonsense", 8))
		to_sockets(1);
	if (!strncmp(what, "fork", 4) || !strncmp(what, "orphans", 7))
		leave_children();
	if (!strncmp(what, "orphans", 7))
		_exit(1);
	if (!strncmp(what, "name", 4))
		prctl(PR_SET_NAME, "something");
	if (!strncmp(what, "block", 5) || !strncmp(what, "hang", 4)) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
	}
	while (!strncmp(what, "hang", 4))
		sleep(1000);
	return 0;
}

static int note(const struct cairn_host *host, const char *hook)
{
	char log[1024], key[64];
	const char *what;
	FILE *f;

	snprintf(log, sizeof(log), "%.*s", (int)strcspn(options_now, ","), options_now);
	f = fopen(log, "a");
	if (!f)
		return host->fail(host, errno, "cannot write %s", log);
	fprintf(f, "%s %s\n", PROBE, hook);
	fclose(f);
	snprintf(key, sizeof(key), ",%s%s=", host->course == CAIRN_RESTART ? "r-" : "", hook);
	what = strstr(options_now, key);
	return what ? misbehave(host, what + strlen(key)) : 0;
}

static int init(const struct cairn_host *host, const char *options)
{
	options_now = strdup(options);
	return host->course == CAIRN_LAUNCH ? 0 : note(host, "init");
}

/* What it stores in suspend comes back, in this process and after a restart. */
static int suspend(const struct cairn_host *host)
{
	size_t n, len;
	const struct cairn_process *p = host->processes(host, &n);
	char value[256];
	int ret;

	if (!n || !p || kill(p[0].pid, 0))
		return host->fail(host, 0, "no processes");
	if (host->get_environment(host, p[0].pid, "PROBE_HOME", value, sizeof(value)) < 0 ||
	    strcmp(value, "here"))
		return host->fail(host, 0, "no environment");
	if (host->set_environment(host, 0, "A", "b") != -EPERM)
		return host->fail(host, 0, "the environment cannot be set here");
	if (host->get_environment(host, 1, "PATH", value, sizeof(value)) != -ESRCH)
		return host->fail(host, 0, "process 1 is not of the job");
	ret = host->store(host, PROBE, sizeof(PROBE));
	if (ret || !host->load(host, &len) || len != sizeof(PROBE))
		return host->fail(host, -ret, "cannot store");
	return note(host, "suspend");
}

static int checkpoint(const struct cairn_host *host)
{
	return note(host, "checkpoint");
}

static int loaded(const struct cairn_host *host)
{
	size_t len;
	const char *data = host->load(host, &len);

	if (!data || len != sizeof(PROBE) || memcmp(data, PROBE, len))
		return host->fail(host, 0, "what was stored is not there");
	return 0;
}

static int resume(const struct cairn_host *host)
{
	int ret = loaded(host);

	return ret ? ret : note(host, "resume");
}

static int failed(const struct cairn_host *host)
{
	return note(host, "failed");
}

/* Writes into the memory of the job, where its environment told it to. */
static int restart(const struct cairn_host *host)
{
	size_t n, i;
	const struct cairn_process *p = host->processes(host, &n);
	char text[64], old[4];
	int ret = loaded(host);

	for (i = 0; i < n && !ret && strstr(options_now, ",write"); i++) {
		unsigned long at;

		if (host->get_environment(host, p[i].pid, "PROBE_AT", text, sizeof(text)) < 0)
			continue;
		at = strtoul(text, NULL, 16);
		ret = host->read_memory(host, p[i].pid, at, old, sizeof(old));
		if (!ret && memcmp(old, "old", 4))
			ret = host->fail(host, 0, "other memory");
		if (!ret)
			ret = host->write_memory(host, p[i].pid, at, PROBE, sizeof(PROBE));
	}
	return ret ? ret : note(host, "restart");
}

static int path(const struct cairn_host *host, const char *from, char *to, size_t room)
{
	const char *what = strstr(options_now, ",r-path=");
	int ret = loaded(host);

	return ret || !what ? ret : misbehave(host, what + 8);
}

#ifdef CLAIMS
#include <linux/perf_event.h>
#include <sys/syscall.h>

static int mine(const char *path)
{
	return strstr(path, "[perf_event]") != NULL;
}

static int last = -1; /* of restore_fd */

static int claim_fd(const struct cairn_host *host, const struct cairn_fd *fd)
{
	if (!mine(fd->path))
		return CAIRN_NOT_MINE;
	return host->store(host, "fd", 3) ?: note(host, "claim_fd") ?: CAIRN_CLAIMED;
}

static int claim_mapping(const struct cairn_host *host, const struct cairn_mapping *m)
{
	if (!mine(m->path))
		return CAIRN_NOT_MINE;
	return host->store(host, m, sizeof(*m)) ?: note(host, "claim_mapping") ?: CAIRN_CLAIMED;
}

static int restore_fd(const struct cairn_host *host, const struct cairn_fd *fd)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE,
				     .size = sizeof(a),
				     .config = PERF_COUNT_SW_DUMMY,
				     .exclude_kernel = 1,
				     .exclude_hv = 1 };
	size_t len;
	const char *data = host->load(host, &len);
	int new, ret;

	if (len != 3 || strcmp(data, "fd"))
		return host->fail(host, 0, "the descriptor's data is not there");
	new = syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (new < 0)
		return host->fail(host, errno, "perf_event_open");
	last = fcntl(new, F_DUPFD_CLOEXEC, 0);
	ret = note(host, "restore_fd");
	return ret ? ret : new;
}

static int restore_mapping(const struct cairn_host *host, const struct cairn_mapping *m,
			   uint64_t *offset)
{
	size_t len;
	const struct cairn_mapping *old = host->load(host, &len);
	int ret;

	if (len != sizeof(*old) || old->start != m->start || old->end != m->end ||
	    old->prot != m->prot)
		return host->fail(host, 0, "the mapping's data is not there");
	ret = note(host, "restore_mapping");
	return ret ? ret : fcntl(last, F_DUPFD_CLOEXEC, 0);
}
#endif

#ifdef MORE
/* As of a newer header, with a field that this one does not have. */
struct newer {
	struct cairn_plugin now;
	const void *more;
};
CAIRN_EXPORT const struct newer newer __asm__("cairn_plugin");
const struct newer newer = {
	.more = MORE,
	.now = {
#else
const struct cairn_plugin cairn_plugin = {
#endif
	.abi = ABI,
	.size = SIZE,
	.name = PROBE,
	.version = "1",
	.init = init,
	.suspend = suspend,
	.checkpoint = checkpoint,
	.resume = resume,
	.failed = failed,
	.restart = restart,
	.path = path,
#ifdef CLAIMS
	.claim_fd = claim_fd,
	.restore_fd = restore_fd,
	.claim_mapping = claim_mapping,
	.restore_mapping = restore_mapping,
#endif
#ifdef MORE
	},
#endif
};
