// SPDX-License-Identifier: Apache-2.0
//
// gpu: NVIDIA GPUs, by NVIDIA's own cuda-checkpoint (driver 550 or newer, 570 for a lock that gives
// up). Before the job is stopped, CUDA calls are locked in every process that has a GPU open, then
// what is in the GPUs' memory goes into the processes' own, and the GPUs are let go; Cairn saves
// the processes as any others. When they run again, here or elsewhere, all of that is undone.
//
//   --plugin gpu[:OPTION[,OPTION]...]
//     timeout=SECONDS   how long submitted work may take to end before a checkpoint (default: 10)
//     program=FILE      in place of cuda-checkpoint in PATH
//     devices=PREFIX    of the GPUs' files (default: /dev/nvidia)
//
// All are locked before any is saved, since processes may wait for each other's work.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cairn/plugin.h"

#define WHERE "(https://github.com/NVIDIA/cuda-checkpoint)"

static const char *program = "cuda-checkpoint";
static const char *devices = "/dev/nvidia";
static double timeout = 10;

/* Those that have been locked: as the job knows them, which is also what is stored, and now. */
static int32_t *ids, *pids;
static size_t nids;

/* ---- options ---- */

static int set(const struct cairn_host *host, char *option)
{
	char *value = strchr(option, '='), *end;

	if (value)
		*value++ = 0;
	if (value && *value && !strcmp(option, "program")) {
		program = value;
	} else if (value && *value && !strcmp(option, "devices")) {
		devices = value;
	} else if (value && !strcmp(option, "timeout")) {
		timeout = strtod(value, &end);
		if (end == value || *end || !(timeout >= 0.001 && timeout <= 86400))
			return host->fail(host, 0, "timeout=%s: give seconds, 0.001 to 86400",
					  value);
	} else {
		return host->fail(host, 0,
				  "unknown option '%s': timeout=, program= or devices=", option);
	}
	return 0;
}

static int init(const struct cairn_host *host, const char *options)
{
	char *text = strdup(options), *option, *save = NULL;
	int ret = text ? 0 : -ENOMEM;

	for (option = text ? strtok_r(text, ",", &save) : NULL; option && !ret;
	     option = strtok_r(NULL, ",", &save))
		ret = set(host, option);
	return ret;
}

/* ---- cuda-checkpoint ---- */

/* Runs it; what it says is in out. Its exit status, or -errno. The host's time limit holds. */
static int run(char *const argv[], char *out, size_t room)
{
	posix_spawn_file_actions_t actions;
	int p[2], status, ret;
	size_t at = 0;
	ssize_t n;
	pid_t pid;

	out[0] = 0;
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, p[1], 1);
	posix_spawn_file_actions_adddup2(&actions, p[1], 2);
	ret = posix_spawnp(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(p[1]);
	while (!ret && at + 1 < room && (n = read(p[0], out + at, room - 1 - at)) > 0)
		at += n;
	close(p[0]);
	if (ret)
		return -ret;
	out[at] = 0;
	/* One line. */
	while (at && (out[at - 1] == '\n' || out[at - 1] == ' '))
		out[--at] = 0;
	while (at--)
		if (out[at] == '\n')
			out[at] = ' ';
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int missing(const struct cairn_host *host, int error)
{
	return host->fail(host, -error, "the job uses a GPU, for which %s is needed in PATH " WHERE,
			  program);
}

static int act(const struct cairn_host *host, int32_t pid, const char *action)
{
	char number[16], limit[32], out[400];
	char *argv[] = { (char *)program, "--action", (char *)action, "--pid",
			 number,	  NULL,	      NULL,	      NULL };
	int ret;

	snprintf(number, sizeof(number), "%d", pid);
	snprintf(limit, sizeof(limit), "%.0f", timeout * 1000);
	if (!strcmp(action, "lock")) {
		argv[5] = "--timeout";
		argv[6] = limit;
	}
	ret = run(argv, out, sizeof(out));
	if (ret < 0)
		return missing(host, ret);
	if (ret)
		return host->fail(host, 0, "%s --action %s --pid %d failed with %d: %s", program,
				  action, pid, ret, out[0] ? out : "it does not say why");
	return 0;
}

/* running, locked, checkpointed, failed; "" if it cannot be told, as of a process without CUDA. */
static int state_of(int32_t pid, char *state, size_t room)
{
	char number[16];
	char *argv[] = { (char *)program, "--get-state", "--pid", number, NULL };
	int ret;

	snprintf(number, sizeof(number), "%d", pid);
	ret = run(argv, state, room);
	if (ret)
		state[0] = 0;
	return ret;
}

/* ---- which processes ---- */

static int is_device(const char *path)
{
	return !strncmp(path, devices, strlen(devices));
}

static int has_gpu(int32_t pid)
{
	char folder[64], link[PATH_MAX];
	struct dirent *e;
	int found = 0;
	ssize_t n;
	DIR *d;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", pid);
	d = opendir(folder);
	while (d && !found && (e = readdir(d))) {
		n = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = 0;
		found = n > 0 && is_device(link);
	}
	if (d)
		closedir(d);
	return found;
}

static int remember(int32_t id, int32_t pid)
{
	int32_t *more_ids = realloc(ids, (nids + 1) * sizeof(*ids));
	int32_t *more_pids;

	if (!more_ids)
		return -ENOMEM;
	ids = more_ids;
	more_pids = realloc(pids, (nids + 1) * sizeof(*pids));
	if (!more_pids)
		return -ENOMEM;
	pids = more_pids;
	ids[nids] = id;
	pids[nids++] = pid;
	return 0;
}

static int find_users(const struct cairn_host *host)
{
	const struct cairn_process *p;
	size_t n, i;
	int ret = 0;

	p = host->processes(host, &n);
	for (i = 0; i < n && !ret; i++)
		if (has_gpu(p[i].pid))
			ret = remember(p[i].id, p[i].pid);
	return ret ? host->fail(host, -ret, "listing the job's processes") : 0;
}

/* Those of the checkpoint, by the numbers that they have now. */
static int find_saved(const struct cairn_host *host)
{
	const struct cairn_process *p;
	const int32_t *saved;
	size_t n, len, i, k;

	saved = host->load(host, &len);
	p = host->processes(host, &n);
	for (k = 0; k < len / sizeof(*saved); k++) {
		for (i = 0; i < n && p[i].id != saved[k]; i++)
			;
		if (i < n && remember(p[i].id, p[i].pid))
			return host->fail(host, ENOMEM, "listing the job's processes");
	}
	return 0;
}

/* ---- hooks ---- */

static int each(const struct cairn_host *host, const char *action)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < nids && !ret; i++)
		ret = act(host, pids[i], action);
	return ret;
}

static int suspend(const struct cairn_host *host)
{
	char state[64];
	size_t i;
	int ret = find_users(host);

	for (i = 0; i < nids && !ret; i++) {
		ret = state_of(pids[i], state, sizeof(state));
		if (ret < 0)
			return missing(host, ret);
		/* It has the device open, but has not begun to use it by CUDA. */
		if (ret || strcmp(state, "running"))
			return host->fail(host, 0,
					  "process %d has a GPU open, and %s says of it: %s",
					  pids[i], program, state[0] ? state : "nothing");
	}
	/* To see whether it could be done is enough. */
	if (ret || host->course == CAIRN_CHECK)
		return ret;
	ret = each(host, "lock");
	if (!ret)
		ret = each(host, "checkpoint");
	if (!ret && nids)
		ret = host->store(host, ids, nids * sizeof(*ids));
	return ret;
}

/* In a check they are still open. */
static int claim_fd(const struct cairn_host *host, const struct cairn_fd *fd)
{
	return host->course == CAIRN_CHECK && is_device(fd->path) ? CAIRN_CLAIMED : CAIRN_NOT_MINE;
}

static int claim_mapping(const struct cairn_host *host, const struct cairn_mapping *mapping)
{
	return host->course == CAIRN_CHECK && is_device(mapping->path) ? CAIRN_CLAIMED :
									 CAIRN_NOT_MINE;
}

static int resume(const struct cairn_host *host)
{
	int ret = host->course == CAIRN_RESTART ? find_saved(host) : 0;

	if (ret || host->course == CAIRN_CHECK)
		return ret;
	ret = each(host, "restore");
	return ret ? ret : each(host, "unlock");
}

/* Whatever state they are in, also if this process has not brought them there. */
static int failed(const struct cairn_host *host)
{
	const struct cairn_process *p;
	char state[64];
	size_t n, i;
	int ret = 0;

	if (host->course == CAIRN_RESTART || host->course == CAIRN_CHECK)
		return 0;
	p = host->processes(host, &n);
	for (i = 0; i < n; i++) {
		if (state_of(p[i].pid, state, sizeof(state)) < 0)
			return 0;
		if (!strcmp(state, "checkpointed"))
			ret |= act(host, p[i].pid, "restore");
	}
	for (i = 0; i < n; i++)
		if (!state_of(p[i].pid, state, sizeof(state)) && !strcmp(state, "locked"))
			ret |= act(host, p[i].pid, "unlock");
	return ret ? -EIO : 0;
}

const struct cairn_plugin cairn_plugin = {
	.abi = CAIRN_PLUGIN_ABI,
	.size = sizeof(cairn_plugin),
	.name = "gpu",
	.version = "1",
	.init = init,
	.suspend = suspend,
	.claim_fd = claim_fd,
	.claim_mapping = claim_mapping,
	.resume = resume,
	.failed = failed,
};
