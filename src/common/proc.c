// SPDX-License-Identifier: Apache-2.0
//
// Reading /proc, and killing whom it shows. A process may end at any moment: every function then
// fails and says so.
#include "common/proc.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xxh_x86dispatch.h>

#include "common/defs.h"

static int slurp_pid(int proc, pid_t pid, const char *leaf, char **out)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%s%d/%s", proc == AT_FDCWD ? "/proc/" : "", pid, leaf);
	n = cr_slurp(proc, path, out);
	if (n == -ENOENT)
		return -ESRCH;
	return n < 0 ? n : 0;
}

static const char *proc_field(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	if (!p)
		return "0";
	for (p += strlen(key); *p == '\t' || *p == ' '; p++)
		;
	return p;
}

/* Numbers up to the end of the line; how many. */
static unsigned int read_numbers(const char *p, unsigned int *out, unsigned int room)
{
	unsigned int n = 0;
	char *end;

	for (; n < room; n++, p = end) {
		while (*p == ' ' || *p == '\t')
			p++;
		if (!isdigit((unsigned char)*p))
			break;
		out[n] = strtoul(p, &end, 10);
	}
	return n;
}

int cr_proc_status(int proc, pid_t pid, struct cr_proc_status *out)
{
	cr_auto_free char *text = NULL;
	static const char *const caps[] = { "\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:",
					    "\nCapAmb:" };
	const char *p;
	int ret = slurp_pid(proc, pid, "status", &text), i;

	if (ret)
		return ret;
	memset(out, 0, sizeof(*out));
	/* A blank in the format would take the end of an empty one too. */
	if (!strncmp(text, "Name:\t", 6))
		sscanf(text + 6, "%15[^\n]", out->name);
	out->state = *proc_field(text, "\nState:");
	out->tgid = atoi(proc_field(text, "\nTgid:"));
	out->ppid = atoi(proc_field(text, "\nPPid:"));
	out->tracer = atoi(proc_field(text, "\nTracerPid:"));
	out->threads = atoi(proc_field(text, "\nThreads:"));
	out->umask = strtoul(proc_field(text, "\nUmask:"), NULL, 8);
	out->uid = strtoul(proc_field(text, "\nUid:"), NULL, 10);
	read_numbers(proc_field(text, "\nUid:"), out->uids, 4);
	read_numbers(proc_field(text, "\nGid:"), out->gids, 4);
	out->ngroups = read_numbers(proc_field(text, "\nGroups:"), out->groups,
				    CR_ARRAY_SIZE(out->groups));
	out->caught = strtoull(proc_field(text, "\nSigCgt:"), NULL, 16);
	out->pending = strtoull(proc_field(text, "\nSigPnd:"), NULL, 16) |
		       strtoull(proc_field(text, "\nShdPnd:"), NULL, 16);
	out->blocked = strtoull(proc_field(text, "\nSigBlk:"), NULL, 16);
	out->rss = strtoull(proc_field(text, "\nVmRSS:"), NULL, 10) * 1024;
	for (i = 0; i < 5; i++)
		out->caps[i] = strtoull(proc_field(text, caps[i]), NULL, 16);
	out->no_new_privs = atoi(proc_field(text, "\nNoNewPrivs:"));
	out->seccomp = atoi(proc_field(text, "\nSeccomp:"));
	out->filters = atoi(proc_field(text, "\nSeccomp_filters:"));
	for (p = proc_field(text, "\nNSpid:"); isdigit((unsigned char)*p); p += *p == '\t')
		out->ns_pid = strtol(p, (char **)&p, 10);
	return 0;
}

int cr_proc_stat(int proc, pid_t pid, struct cr_proc_stat *out)
{
	cr_auto_free char *text = NULL;
	unsigned long long f[53] = { 0 };
	char *p;
	int ret = slurp_pid(proc, pid, "stat", &text), k;

	if (ret)
		return ret;
	p = strrchr(text, ')');
	if (!p || strlen(p) < 4)
		return -EPROTO;
	memset(out, 0, sizeof(*out));
	*p = 0;
	snprintf(out->comm, sizeof(out->comm), "%s",
		 strchr(text, '(') ? strchr(text, '(') + 1 : "");
	out->state = p[2];
	p += 3;
	for (k = 4; k <= 52 && *p; k++)
		f[k] = strtoull(p, &p, 10);
	out->ppid = f[4];
	out->pgrp = f[5];
	out->session = f[6];
	out->tty_nr = f[7];
	out->tpgid = f[8];
	out->threads = f[20];
	out->start_time = f[22];
	out->start_code = f[26];
	out->end_code = f[27];
	out->start_stack = f[28];
	out->start_data = f[45];
	out->end_data = f[46];
	out->start_brk = f[47];
	out->arg_start = f[48];
	out->arg_end = f[49];
	out->env_start = f[50];
	out->env_end = f[51];
	out->exit_signal = f[38];
	out->exit_code = f[52];
	return 0;
}

int cr_pids_add(cr_pids *to, pid_t id)
{
	pid_t *at = cr_list_add(to);

	if (!at)
		return -ENOMEM;
	*at = id;
	return 0;
}

DIR *cr_proc_dir(int proc, pid_t pid, const char *leaf)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%d/%s", proc == AT_FDCWD ? "/proc/" : "", pid, leaf);
	return cr_open_dir(proc, path);
}

int cr_proc_threads(int proc, pid_t pid, cr_pids *out)
{
	cr_auto_dir *d = cr_proc_dir(proc, pid, "task");
	int ret = 0, tid;

	if (!d)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!ret && (tid = cr_next_number(d)) >= 0)
		ret = cr_pids_add(out, tid);
	return ret;
}

void cr_proc_thread_children(int proc, pid_t pid, pid_t tid, cr_pids *out)
{
	cr_auto_free char *text = NULL;
	char leaf[48], *p;

	snprintf(leaf, sizeof(leaf), "task/%d/children", tid);
	if (slurp_pid(proc, pid, leaf, &text))
		return;
	for (p = text; isdigit((unsigned char)*p); p += *p == ' ')
		cr_pids_add(out, strtol(p, &p, 10));
}

int cr_proc_children(int proc, pid_t pid, cr_pids *out)
{
	cr_pids threads = { 0 };
	size_t i;
	int ret = cr_proc_threads(proc, pid, &threads);

	for (i = 0; i < threads.n && !ret; i++)
		cr_proc_thread_children(proc, pid, threads.v[i], out);
	free(threads.v);
	return ret;
}

bool cr_proc_ended(const struct cr_proc_stat *st)
{
	return st->state == 'X' || (st->state == 'Z' && st->threads <= 1);
}

bool cr_proc_runs(pid_t pid)
{
	struct cr_proc_stat st;

	if (pid <= 0 || (kill(pid, 0) && errno == ESRCH))
		return false;
	return cr_proc_stat(AT_FDCWD, pid, &st) || !cr_proc_ended(&st);
}

void cr_proc_kill(void (*find)(cr_pids *out, const void *arg), const void *arg)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		cr_pids pids = { 0 };
		size_t i, alive = 0;

		find(&pids, arg);
		for (i = 0; i < pids.n; i++) {
			struct cr_proc_stat st;

			if (cr_proc_stat(AT_FDCWD, pids.v[i], &st) || cr_proc_ended(&st))
				continue;
			kill(pids.v[i], SIGKILL);
			alive++;
		}
		free(pids.v);
		if (!alive)
			return;
		usleep(1000);
	}
}

static void vm_flags(struct cr_map *m, const char *p)
{
	static const struct {
		char name[3];
		size_t offset;
	} known[] = {
		{ "nr", offsetof(struct cr_map, no_reserve) },
		{ "gd", offsetof(struct cr_map, grows_down) },
		{ "dp", offsetof(struct cr_map, droppable) },
		{ "lo", offsetof(struct cr_map, locked) },
		{ "lf", offsetof(struct cr_map, lock_on_fault) },
		{ "dc", offsetof(struct cr_map, dont_fork) },
		{ "wf", offsetof(struct cr_map, wipe_on_fork) },
		{ "hg", offsetof(struct cr_map, huge) },
		{ "nh", offsetof(struct cr_map, no_huge) },
		{ "dd", offsetof(struct cr_map, dont_dump) },
		{ "mg", offsetof(struct cr_map, mergeable) },
		{ "sr", offsetof(struct cr_map, sequential) },
		{ "rr", offsetof(struct cr_map, random) },
		{ "mw", offsetof(struct cr_map, may_write) },
		{ "um", offsetof(struct cr_map, uffd_missing) },
		{ "uw", offsetof(struct cr_map, uffd_wp) },
		{ "ui", offsetof(struct cr_map, uffd_minor) },
	};
	size_t i;

	for (; p[0] >= 'a' && p[1]; p += 3) {
		for (i = 0; i < CR_ARRAY_SIZE(known); i++)
			if (p[0] == known[i].name[0] && p[1] == known[i].name[1])
				*((bool *)m + known[i].offset) = true;
		if (p[2] != ' ')
			return;
	}
}

/* A number and the character behind it; NULL if that is another. */
static char *proc_number(char *p, int base, char end, uint64_t *out)
{
	uint64_t v = 0;

	/* Of a line there are many, and strtoull is twice as slow. */
	for (;; p++) {
		int digit = *p >= '0' && *p <= '9' ? *p - '0' :
			    *p >= 'a' && *p <= 'f' ? *p - 'a' + 10 :
						     16;

		if (digit >= base)
			break;
		v = v * base + digit;
	}
	*out = v;
	return *p == end ? p + 1 : NULL;
}

/* "start-end perms offset major:minor inode   path" */
static int map_line(struct cr_map *m, char *line)
{
	static const char deleted[] = " (deleted)";
	uint64_t major, minor;
	char *p = line, *perms;
	size_t n;

	if (!(p = proc_number(p, 16, '-', &m->start)) || !(p = proc_number(p, 16, ' ', &m->end)))
		return -EPROTO;
	perms = p;
	if (strlen(p) < 5 || !(p = proc_number(p + 5, 16, ' ', &m->offset)) ||
	    !(p = proc_number(p, 16, ':', &major)) || !(p = proc_number(p, 16, ' ', &minor)))
		return -EPROTO;
	/* Without a path some lines end here. */
	n = strcspn(p, " ");
	if (!proc_number(p, 10, p[n], &m->inode))
		return -EPROTO;
	for (p += n; *p == ' '; p++)
		;
	m->dev = makedev(major, minor);
	m->prot = (perms[0] == 'r' ? PROT_READ : 0) | (perms[1] == 'w' ? PROT_WRITE : 0) |
		  (perms[2] == 'x' ? PROT_EXEC : 0);
	m->shared = perms[3] == 's';
	n = strlen(p);
	if (n > sizeof(deleted) - 1 && m->inode &&
	    !strcmp(p + n - (sizeof(deleted) - 1), deleted)) {
		m->deleted = true;
		p[n - (sizeof(deleted) - 1)] = 0;
	}
	m->path = strdup(p);
	return m->path ? 0 : -ENOMEM;
}

/* Not every kernel tells of locks on fault; but what is locked at once is all there. */
static void guess_lock(struct cr_map *m, uint64_t rss_kb)
{
	m->lock_on_fault |= m->locked && m->prot && rss_kb * 1024 < m->end - m->start;
}

int cr_proc_maps(pid_t pid, bool smaps, struct cr_maps *out)
{
	cr_auto_free char *text = NULL;
	struct cr_map *m = NULL;
	char *line, *save = NULL;
	uint64_t rss = 0;
	int ret = slurp_pid(AT_FDCWD, pid, smaps ? "smaps" : "maps", &text);

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	if (!smaps)
		out->fingerprint = XXH3_64bits(text, strlen(text));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (smaps && line[0] >= 'A' && line[0] <= 'Z') {
			if (!strncmp(line, "Rss:", 4))
				rss = strtoull(line + 4, NULL, 10);
			if (m && !strncmp(line, "ProtectionKey:", 14))
				m->key = strtoul(line + 14, NULL, 10);
			if (m && !strncmp(line, "VmFlags: ", 9)) {
				vm_flags(m, line + 9);
				guess_lock(m, rss);
			}
			continue;
		}
		m = cr_list_add(out);
		ret = m ? map_line(m, line) : -ENOMEM;
		if (ret)
			return ret;
	}
	return 0;
}

void cr_maps_free(struct cr_maps *maps)
{
	size_t i;

	for (i = 0; i < maps->n; i++)
		free(maps->v[i].path);
	free(maps->v);
	memset(maps, 0, sizeof(*maps));
}

void cr_proc_wchan(pid_t pid, pid_t tid, char *out, size_t len)
{
	cr_auto_free char *text = NULL;
	char leaf[48];

	snprintf(leaf, sizeof(leaf), "task/%d/wchan", tid);
	*out = 0;
	if (!slurp_pid(AT_FDCWD, pid, leaf, &text) && strcmp(text, "0"))
		snprintf(out, len, "%s", text);
}

/* Of another thread: the main one may have ended before the process. */
static ssize_t slurp_of_thread(int proc, pid_t pid, const char *leaf, char **out)
{
	cr_pids threads = { 0 };
	ssize_t n = -ESRCH;
	char path[64];
	size_t i;

	cr_proc_threads(proc, pid, &threads);
	for (i = 0; i < threads.n && n <= 0; i++) {
		if (threads.v[i] == pid)
			continue;
		snprintf(path, sizeof(path), "%s%d/task/%d/%s", proc == AT_FDCWD ? "/proc/" : "",
			 pid, threads.v[i], leaf);
		free(*out);
		*out = NULL;
		n = cr_slurp(proc, path, out);
	}
	free(threads.v);
	return n;
}

void cr_proc_command(int proc, pid_t pid, char *out, size_t len)
{
	cr_auto_free char *text = NULL;
	struct cr_proc_status st;
	char path[64];
	ssize_t n, i;

	snprintf(path, sizeof(path), "%s%d/cmdline", proc == AT_FDCWD ? "/proc/" : "", pid);
	n = cr_slurp(proc, path, &text);
	if (n <= 0)
		n = slurp_of_thread(proc, pid, "cmdline", &text);
	for (i = 0; i + 1 < n; i++)
		if (!text[i])
			text[i] = ' ';
	if (n > 0)
		snprintf(out, len, "%s", text);
	else if (!cr_proc_status(proc, pid, &st))
		snprintf(out, len, "[%s]", st.name);
	else
		snprintf(out, len, "?");
}

int cr_proc_link(pid_t pid, const char *name, char *out)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, out, CR_PATH_MAX - 1);
	if (n < 0)
		return -errno;
	out[n] = 0;
	return 0;
}
