// SPDX-License-Identifier: Apache-2.0
//
// The owner of a job's folder. See owner.h. The lock is flock's, so that the kernel lets go of it
// however its holders end; on NFS it holds between hosts as far as the server's locks do. Where a
// file system has no locks the record alone tells, of this host only. On failure the folder stays
// as it was.
#include "common/err.h"
#include "common/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATIENCE_NS 500000000ll /* with one that may just be ending */
#define ENDING_NS 10000000000ll /* with one whose shepherd is gone: its guard ends the job */
#define TURN_US 10000
#define RECORD_MAX 8192

/* ---- the record ---- */

static const struct {
	const char *name;
	size_t offset, size; /* of a text; 0: a number of 64 bits, 1: a pid */
} fields[] = {
#define TEXT(f) { #f, offsetof(struct cr_owner, f), sizeof(((struct cr_owner *)0)->f) }
	TEXT(host),
	TEXT(boot),
	TEXT(job),
	{ "pid", offsetof(struct cr_owner, pid), 1 },
	{ "start", offsetof(struct cr_owner, start), 0 },
	TEXT(socket),
	TEXT(mark),
	TEXT(born),
	{ "attached", offsetof(struct cr_owner, attached), 1 },
	{ "attached_start", offsetof(struct cr_owner, attached_start), 0 },
#undef TEXT
};

static void set_field(struct cr_owner *o, const char *line)
{
	size_t i, len = strcspn(line, "=");
	const char *value = line + len + 1;

	for (i = 0; line[len] && i < CR_ARRAY_SIZE(fields); i++) {
		void *to = (char *)o + fields[i].offset;

		if (strlen(fields[i].name) != len || strncmp(line, fields[i].name, len))
			continue;
		if (fields[i].size > 1)
			snprintf(to, fields[i].size, "%s", value);
		else if (fields[i].size)
			*(pid_t *)to = atoi(value);
		else
			*(uint64_t *)to = strtoull(value, NULL, 10);
	}
}

static void owner_read_record(int fd, struct cr_owner *o)
{
	char text[RECORD_MAX + 1], *line, *save = NULL;
	ssize_t n = pread(fd, text, RECORD_MAX, 0);

	memset(o, 0, sizeof(*o));
	text[n < 0 ? 0 : n] = 0;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		set_field(o, line);
}

void cr_owner_note(int fd, const struct cr_owner *self)
{
	char text[RECORD_MAX];
	size_t i, n = 0;

	for (i = 0; i < CR_ARRAY_SIZE(fields) && n < sizeof(text); i++) {
		const void *from = (const char *)self + fields[i].offset;
		size_t room = sizeof(text) - n;

		n += fields[i].size > 1 ?
			     snprintf(text + n, room, "%s=%s\n", fields[i].name, (char *)from) :
		     fields[i].size ? snprintf(text + n, room, "%s=%d\n", fields[i].name,
					       *(const pid_t *)from) :
				      snprintf(text + n, room, "%s=%llu\n", fields[i].name,
					       (unsigned long long)*(const uint64_t *)from);
	}
	if (fd < 0 || n >= sizeof(text) || cr_write_at(fd, text, n, 0) || ftruncate(fd, n))
		return;
}

int cr_owner_read(const char *directory, struct cr_owner *out)
{
	char path[CR_PATH_MAX + 8];
	cr_auto_fd fd = -1;
	struct stat st;

	snprintf(path, sizeof(path), "%s/" CR_OWNER_FILE, directory);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	/* Others may have left anything there. */
	if (!S_ISREG(st.st_mode) || (st.st_uid != geteuid() && geteuid()))
		return -EPERM;
	owner_read_record(fd, out);
	return out->pid ? 0 : -ENOENT;
}

/* ---- this host, this boot ---- */

static void boot_id(char out[40])
{
	cr_auto_free char *text = NULL;

	*out = 0;
	if (cr_slurp(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &text) > 0)
		snprintf(out, 40, "%.*s", (int)strcspn(text, "\n"), text);
}

bool cr_owner_is_here(const struct cr_owner *o)
{
	char boot[40];

	boot_id(boot);
	return *boot && !strcmp(boot, o->boot);
}

static bool owner_lives(pid_t pid, uint64_t start)
{
	struct cr_proc_stat st;

	return pid > 0 && !cr_proc_stat(AT_FDCWD, pid, &st) && st.start_time == start &&
	       !cr_proc_ended(&st);
}

bool cr_owner_lives(const struct cr_owner *o)
{
	return cr_owner_is_here(o) && owner_lives(o->pid, o->start);
}

bool cr_owner_is_ending(const char *directory)
{
	struct cr_owner o;
	int ret = cr_owner_read(directory, &o);

	/* It takes the record back before it lets go. */
	return ret ? ret == -ENOENT : cr_owner_is_here(&o) && !owner_lives(o.pid, o.start);
}

/* ---- processes that it has left ---- */

/* The mark is in the environment in which all of a job's are born, and which a restart restores. */
static bool owner_marked(pid_t pid, const struct cr_owner *o)
{
	static const char name[] = CR_ENV_SOCKET "=";
	cr_auto_free char *text = NULL;
	char path[64];
	const char *p;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	len = cr_slurp(AT_FDCWD, path, &text);
	for (p = text; len > 0 && p < text + len; p += strlen(p) + 1)
		if (!strncmp(p, name, sizeof(name) - 1)) {
			p += sizeof(name) - 1;
			return *p && (!strcmp(p, o->mark) || !strcmp(p, o->born));
		}
	return false;
}

/* Another job's, with the same mark: one that was restarted under another name. */
static bool owner_has_shepherd(pid_t pid)
{
	static const char *const names[] = { "crlaunch", "crrestart", CR_GUARD_NAME, "cairn-init" };
	struct cr_proc_stat st;
	int depth;
	size_t i;

	for (depth = 0; depth < 1000 && pid > 1; depth++, pid = st.ppid) {
		if (cr_proc_stat(AT_FDCWD, pid, &st))
			return false;
		for (i = 0; i < CR_ARRAY_SIZE(names); i++)
			if (!strcmp(st.comm, names[i]))
				return true;
	}
	return false;
}

static void owner_add_below(cr_pids *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		cr_proc_children(AT_FDCWD, list->v[i], list);
}

void cr_owner_orphans(const struct cr_owner *o, cr_pids *out)
{
	struct cr_proc_stat st;
	cr_auto_dir *d = *o->mark ? opendir("/proc") : NULL;
	pid_t *to, pid;

	if (!cr_owner_is_here(o))
		return;
	while ((pid = cr_next_number(d)) >= 0)
		if (pid != getpid() && !cr_proc_stat(AT_FDCWD, pid, &st) && !cr_proc_ended(&st) &&
		    owner_marked(pid, o) && !owner_has_shepherd(pid) && (to = cr_list_add(out)))
			*to = pid;
	if (owner_lives(o->attached, o->attached_start) && (to = cr_list_add(out))) {
		*to = o->attached;
		owner_add_below(out);
	}
}

size_t cr_owner_end_orphans(const struct cr_owner *o)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + ENDING_NS;
	size_t i, left;

	do {
		cr_pids pids = { 0 };

		cr_owner_orphans(o, &pids);
		owner_add_below(&pids);
		left = 0;
		for (i = 0; i < pids.n; i++) {
			uint64_t start;
			int fd;
			struct cr_proc_stat st;

			if (cr_proc_stat(AT_FDCWD, pids.v[i], &st) || cr_proc_ended(&st))
				continue;
			start = st.start_time;
			fd = syscall(SYS_pidfd_open, pids.v[i], 0);
			/* The number may be another's by now. */
			if (fd >= 0 && owner_lives(pids.v[i], start))
				syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
			cr_close_fd(&fd);
			left++;
		}
		free(pids.v);
		if (left)
			usleep(TURN_US);
	} while (left && cr_now_ns(CLOCK_MONOTONIC) < end);
	return left;
}

void cr_owner_control(const char *mark, char *out, size_t len)
{
	snprintf(out, len, "%.90s.ctl", mark);
}

/* ---- the lock ---- */

/* It has no lock to give here: a local one is not known to others, a missing one to nobody. */
static bool lockless(int error)
{
	return error == ENOLCK || error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
}

static int open_lock(const char *path, struct cr_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		cr_fail(err, errno == EACCES ? CR_EXIT_PERMISSION : CR_EXIT_IO, errno,
			"cannot open %s, by which a job's folder is kept from two shepherds", path);
		cr_close_fd(&fd);
		return -EIO;
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1 || st.st_uid != geteuid()) {
		close(fd);
		/* Removed while we opened it: the next is another. */
		if (S_ISREG(st.st_mode) && !st.st_nlink)
			return -EAGAIN;
		return cr_fail(err, CR_EXIT_PERMISSION, 0,
			       "%s is no file of ours: remove it, or choose another place with -d",
			       path);
	}
	return fd;
}

/* Whether the path still leads to what we have locked. */
static bool is_current(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int occupied(const char *directory, const struct cr_owner *o, struct cr_err *err)
{
	if (!o->pid)
		return cr_fail(err, CR_EXIT_EXISTS, 0,
			       "%s is in use: another crlaunch or crrestart has its lock",
			       directory);
	if (!cr_owner_is_here(o))
		return cr_fail(err, CR_EXIT_EXISTS, 0,
			       "the job %s of %s is running on %s, by process %d there: end it on "
			       "that host first (crctl kill %s)",
			       o->job, directory, o->host, o->pid, directory);
	return cr_fail(err, CR_EXIT_EXISTS, 0,
		       "the job %s of %s is running already, by process %d on %s: end it first "
		       "(crctl kill %s), or give another name with -n",
		       o->job, directory, o->pid, o->host, directory);
}

static int left_over(const char *directory, const struct cr_owner *o, const cr_pids *pids,
		     struct cr_err *err)
{
	char list[128];
	size_t i, n = 0;

	for (i = 0; i < pids->n && n + 16 < sizeof(list); i++)
		n += snprintf(list + n, sizeof(list) - n, "%s%d", i ? ", " : "", pids->v[i]);
	return cr_fail(err, CR_EXIT_EXISTS, 0,
		       "processes of the job %s still run on this host without a shepherd (%s%s): "
		       "end them first (crctl kill %s)",
		       o->job, list, i < pids->n ? ", …" : "", directory);
}

/* Of the last owner's processes none must live. They may be on their way out. */
static int owner_check_orphans(const char *directory, const struct cr_owner *before,
			       const struct cr_owner *self, bool locked, struct cr_err *err)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + 2 * PATIENCE_NS;
	int ret;

	if (!before->pid)
		return 0;
	/* What is attached again is taken over. */
	if (locked && self->attached && self->attached == before->attached &&
	    self->attached_start == before->attached_start)
		return 0;
	if (!locked && cr_owner_is_here(before) && owner_lives(before->pid, before->start))
		return occupied(directory, before, err);
	if (!cr_owner_is_here(before) && !locked)
		cr_say("%s was last written by a job on %s that has not ended in order, and this "
		       "file system has no locks: make sure that it is over",
		       directory, before->host);
	for (;;) {
		cr_pids pids = { 0 };

		cr_owner_orphans(before, &pids);
		ret = pids.n && cr_now_ns(CLOCK_MONOTONIC) > end ?
			      left_over(directory, before, &pids, err) :
			      (int)pids.n;
		free(pids.v);
		if (ret <= 0)
			return ret;
		usleep(TURN_US);
	}
}

/* The lock, and what stood in the file; -EAGAIN with an empty err: try again. */
static int try_lock(const char *directory, const char *path, int64_t since,
		    struct cr_owner *before, bool *locked, struct cr_err *err)
{
	int64_t waited = cr_now_ns(CLOCK_MONOTONIC) - since;
	int fd = open_lock(path, err);
	bool ending;

	if (fd < 0)
		return fd;
	*locked = !flock(fd, LOCK_EX | LOCK_NB);
	if (*locked || lockless(errno)) {
		owner_read_record(fd, before);
		if (is_current(fd, path))
			return fd;
		close(fd);
		return -EAGAIN;
	}
	owner_read_record(fd, before);
	close(fd);
	ending = cr_owner_is_here(before) && !owner_lives(before->pid, before->start);
	if (waited > (ending ? ENDING_NS : PATIENCE_NS))
		return occupied(directory, before, err);
	return -EAGAIN;
}

int cr_owner_take(const char *directory, const char *job, struct cr_owner *self,
		  struct cr_err *err)
{
	int64_t since = cr_now_ns(CLOCK_MONOTONIC);
	char path[CR_PATH_MAX + 8];
	struct cr_owner before;
	struct cr_proc_stat st;
	bool locked = false;
	int fd, ret;

	snprintf(path, sizeof(path), "%s/" CR_OWNER_FILE, directory);
	while ((fd = try_lock(directory, path, since, &before, &locked, err)) == -EAGAIN &&
	       !err->status)
		usleep(TURN_US);
	if (fd < 0)
		return fd;
	ret = owner_check_orphans(directory, &before, self, locked, err);
	if (ret) {
		close(fd);
		return ret;
	}
	gethostname(self->host, sizeof(self->host) - 1);
	boot_id(self->boot);
	snprintf(self->job, sizeof(self->job), "%s", job);
	self->pid = getpid();
	self->start = cr_proc_stat(AT_FDCWD, self->pid, &st) ? 0 : st.start_time;
	cr_owner_note(fd, self);
	return fd;
}

int cr_owner_renew(int *fd, const char *directory, const struct cr_owner *self, struct cr_err *err)
{
	char path[CR_PATH_MAX + 8];
	struct cr_owner other;
	cr_auto_fd next = -1;
	struct stat st;

	snprintf(path, sizeof(path), "%s/" CR_OWNER_FILE, directory);
	if (*fd < 0 || is_current(*fd, path) || (lstat(path, &st) && errno != ENOENT))
		return 0;
	next = open_lock(path, err);
	if (next < 0)
		return next;
	if (flock(next, LOCK_EX | LOCK_NB) && !lockless(errno)) {
		owner_read_record(next, &other);
		/* Ours after all, where the file system numbers its files anew. */
		return !strcmp(other.mark, self->mark) ? 0 : occupied(directory, &other, err);
	}
	cr_owner_note(next, self);
	close(*fd);
	*fd = next;
	next = -1;
	return 0;
}

void cr_owner_leave(int fd, const char *directory)
{
	char path[CR_PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/" CR_OWNER_FILE, directory);
	/* Not that of somebody else, where the folder has been put aside. */
	if (fd >= 0 && is_current(fd, path))
		unlink(path);
}

void cr_owner_sweep(int directory)
{
	cr_auto_fd fd = openat(directory, CR_OWNER_FILE,
			       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		unlinkat(directory, CR_OWNER_FILE, 0);
}
