// SPDX-License-Identifier: Apache-2.0
//
// Finding CRIU. Runs in crlaunch, crrestart, crctl and crnode, before they need it. Nothing is
// remembered: a CRIU that is installed or given its capabilities meanwhile is found by the next.
#include "criu/find.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/criu_version.h"
#include "common/err.h"
#include "common/proc.h"

/* After which a program that we read from is taken to hang. */
#define HANGS_MS 60000

#define BIT(cap) (1ull << (cap))

static int spawn(char *const argv[], int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int error;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, output, 2);
	error = posix_spawn(pid, argv[0], &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return error;
}

/* Until everybody has closed the other side; what does not fit is thrown away. */
static int find_read_all(int fd, char *out, size_t len)
{
	int64_t until = cr_now_ns(CLOCK_MONOTONIC) + HANGS_MS * 1000000ll, left;
	struct pollfd p = { fd, POLLIN, 0 };
	size_t have = 0;
	char rest[512];
	ssize_t n;

	for (;;) {
		bool fits = have + 1 < len;

		out[have] = 0;
		left = (until - cr_now_ns(CLOCK_MONOTONIC)) / 1000000;
		if (left <= 0)
			return ETIMEDOUT;
		if (poll(&p, 1, left) <= 0)
			continue;
		n = fits ? read(fd, out + have, len - 1 - have) : read(fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : 0;
		have += fits ? n : 0;
	}
}

int cr_criu_run(char *const argv[], char *out, size_t len)
{
	int ends[2], error, status = 0;
	pid_t pid;

	*out = 0;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	error = spawn(argv, ends[1], &pid);
	close(ends[1]);
	if (!error) {
		error = find_read_all(ends[0], out, len);
		if (error)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	return error ? -error : status;
}

/* 0 or what keeps the program from being one of ours; its version, as far as it tells. */
static int read_version(struct cr_criu *c)
{
	char *const argv[] = { c->path, "--version", NULL };
	int major = 0, minor = 0, patch = 0, status;
	char text[1024], *at;

	c->version = 0;
	status = cr_criu_run(argv, text, sizeof(text));
	if (status < 0)
		return status;
	at = strstr(text, "Version: ");
	if (!at || sscanf(at, "Version: %d.%d.%d", &major, &minor, &patch) < 1 || major < 0 ||
	    major > 1000 || minor < 0 || minor > 99 || patch < 0 || patch > 99)
		return -ENOEXEC;
	c->version = major * 10000 + minor * 100 + patch;
	return c->version < CR_CRIU_OLDEST ? -EPROTONOSUPPORT : 0;
}

/* The places, one after the other; false when there is no further one. */
static bool find_place(unsigned int i, char *out)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	const char *dirs = getenv("PATH"), *end;
	unsigned int skip;

	*out = 0;
	switch (i) {
	case 0:
		snprintf(out, CR_PATH_MAX, "%s/criu/criu", PKGLIBDIR);
		return true;
	case 1:
		if (data && *data == '/')
			snprintf(out, CR_PATH_MAX, "%s/cairn/criu/criu", data);
		else if (home && *home == '/')
			snprintf(out, CR_PATH_MAX, "%s/.local/share/cairn/criu/criu", home);
		return true;
	case 2:
		snprintf(out, CR_PATH_MAX, "/opt/cairn/criu/criu");
		return true;
	}
	dirs = dirs ? dirs : "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";
	for (skip = i - 3; skip && *dirs; skip--) {
		end = strchrnul(dirs, ':');
		dirs = *end ? end + 1 : end;
	}
	/* An ordinary user's PATH mostly lacks the folder where Debian has it. */
	if (!*dirs) {
		snprintf(out, CR_PATH_MAX, "/usr/sbin/criu");
		return !skip;
	}
	end = strchrnul(dirs, ':');
	if (*dirs == '/')
		snprintf(out, CR_PATH_MAX, "%.*s/criu", (int)(end - dirs), dirs);
	return true;
}

/* What the program will have when we run it: by its file, or by what we hand on. */
static uint64_t capabilities(const struct cr_criu *c, const struct cr_proc_status *own)
{
	struct vfs_ns_cap_data data = { 0 };
	struct statvfs fs;
	ssize_t n = getxattr(c->path, "security.capability", &data, sizeof(data));
	uint64_t permitted;

	if (n < (ssize_t)offsetof(struct vfs_ns_cap_data, data[1]))
		return own->caps[4];
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	    (!statvfs(c->path, &fs) && fs.f_flag & ST_NOSUID) ||
	    !(data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE))
		return 0;
	permitted = data.data[0].permitted;
	if (n >= (ssize_t)offsetof(struct vfs_ns_cap_data, data[2]))
		permitted |= (uint64_t)data.data[1].permitted << 32;
	return permitted & own->caps[3];
}

static bool yama(void)
{
	cr_auto_free char *text = NULL;

	return cr_slurp(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", &text) > 0 && *text != '0';
}

/* All that the kernel knows. */
static uint64_t every_capability(void)
{
	cr_auto_free char *text = NULL;
	int last = 40;

	if (cr_slurp(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", &text) > 0)
		last = atoi(text);
	return last >= 63 || last < 0 ? ~0ull : BIT(last + 1) - 1;
}

/*
 * CRIU cannot do without CAP_CHECKPOINT_RESTORE. At a restart it takes from each process's bounding
 * set what was not in it, even if that is so already, and needs CAP_SETPCAP to; where Yama is at
 * work, it may trace only by CAP_SYS_PTRACE.
 */
static int check_privilege(struct cr_criu *c, struct cr_err *err)
{
	struct cr_proc_status own;
	uint64_t have, need = BIT(CAP_CHECKPOINT_RESTORE), users = need;
	char names[128];
	int ret;

	c->unprivileged = geteuid() != 0;
	ret = cr_proc_status(AT_FDCWD, getpid(), &own);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret, "/proc/%d/status", getpid());
	if (every_capability() & ~own.caps[3])
		users |= BIT(CAP_SETPCAP);
	if (yama())
		users |= BIT(CAP_SYS_PTRACE);
	have = capabilities(c, &own);
	if (have & BIT(CAP_SYS_ADMIN))
		have |= BIT(CAP_CHECKPOINT_RESTORE);
	c->users = !(users & ~have);
	if (c->unprivileged)
		need = users;
	else if (own.caps[2] & BIT(CAP_SYS_ADMIN))
		have |= BIT(CAP_CHECKPOINT_RESTORE);
	if (!c->unprivileged)
		have |= own.caps[2];
	if (!(need & ~have))
		return 0;
	snprintf(names, sizeof(names), "cap_checkpoint_restore%s%s",
		 need & BIT(CAP_SETPCAP) ? ",cap_setpcap" : "",
		 need & BIT(CAP_SYS_PTRACE) ? ",cap_sys_ptrace" : "");
	if (!c->unprivileged)
		cr_fail(err, CR_EXIT_BACKEND, 0,
			"%s: root has no CAP_CHECKPOINT_RESTORE here, as in a container; start "
			"that with it (podman run --cap-add CHECKPOINT_RESTORE)",
			c->path);
	else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		cr_fail(err, CR_EXIT_BACKEND, 0,
			"%s cannot get the capabilities that it needs (%s): no_new_privs is set",
			c->path, names);
	else
		cr_fail(err, CR_EXIT_BACKEND, 0,
			"an ordinary user's CRIU needs capabilities on its file: as root, run "
			"`setcap %s+ep %s`",
			names, c->path);
	return -EPERM;
}

static int unusable(const struct cr_criu *c, int why, struct cr_err *err)
{
	char version[16];

	if (why == -EPROTONOSUPPORT)
		return cr_fail(
			err, CR_EXIT_BACKEND, 0,
			"%s is CRIU %s, which is too old: 4.0 or newer is needed (older ones "
			"fail on newer kernels, as by \"Unexpected rt vDSO area bounds\"); "
			"contrib/get-criu gets one",
			c->path, cr_criu_version_text(c->version, version));
	return cr_fail(err, CR_EXIT_BACKEND, -why,
		       "%s cannot be run as CRIU; contrib/get-criu gets one", c->path);
}

int cr_criu_find(struct cr_criu *out, struct cr_err *err)
{
	const char *named = getenv(CR_ENV_CRIU);
	struct cr_criu bad = { 0 };
	int why = 0, ret;
	unsigned int i;

	memset(out, 0, sizeof(*out));
	if (named && *named) {
		snprintf(out->path, sizeof(out->path), "%s", named);
		ret = read_version(out);
		if (!ret)
			return check_privilege(out, err);
		unusable(out, ret, err);
		return ret;
	}
	for (i = 0; find_place(i, out->path); i++) {
		if (!*out->path || access(out->path, X_OK))
			continue;
		ret = read_version(out);
		if (!ret)
			return check_privilege(out, err);
		if (!why) {
			why = ret;
			bad = *out;
		}
	}
	*out = bad;
	if (why) {
		unusable(out, why, err);
		return why;
	}
	cr_fail(err, CR_EXIT_BACKEND, 0,
		"no CRIU was found, neither in PATH nor where contrib/get-criu installs one; that "
		"gets version 4 without touching the system, $" CR_ENV_CRIU " names another");
	return -ENOENT;
}
