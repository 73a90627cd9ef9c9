// SPDX-License-Identifier: Apache-2.0
//
// SysV IPC: which objects are the job's, the limits of their namespace, and who made them. The
// kernel keeps them apart from processes and descriptors, so they are found in /proc/sysvipc. After
// a restart the job has an ipc namespace of its own and everything in it is the job's.
// Runs in: the shepherd. On failure: an object that cannot be read or made again is named.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/ipc.h"

/* What a new ipc namespace has by default, whatever its parent has. */
static const struct {
	const char *name, *initial;
} settings[] = {
	{ "kernel/shmmax", "18446744073692774399" },
	{ "kernel/shmall", "18446744073692774399" },
	{ "kernel/shmmni", "4096" },
	{ "kernel/shm_rmid_forced", "0" },
	{ "kernel/msgmax", "8192" },
	{ "kernel/msgmnb", "16384" },
	{ "kernel/msgmni", "32000" },
	{ "kernel/sem", "32000\t1024000000\t500\t32000" },
	{ "fs/mqueue/msg_default", "10" },
	{ "fs/mqueue/msg_max", "10" },
	{ "fs/mqueue/msgsize_default", "8192" },
	{ "fs/mqueue/msgsize_max", "8192" },
	{ "fs/mqueue/queues_max", "256" },
};

int cr_ipc_rows_read(const char *table, cr_ipc_rows *out)
{
	cr_auto_free char *text = NULL;
	char path[64], *line, *save = NULL;
	int column, ret;

	snprintf(path, sizeof(path), "/proc/sysvipc/%s", table);
	ret = cr_slurp(AT_FDCWD, path, &text);
	if (ret < 0)
		/* A kernel without SysV IPC has no objects. */
		return ret == -ENOENT ? 0 : ret;
	line = strtok_r(text, "\n", &save);
	while (line && (line = strtok_r(NULL, "\n", &save))) {
		struct cr_ipc_row *row = cr_list_add(out);
		char *p = line, *end;

		if (!row)
			return -ENOMEM;
		for (column = 0; column < 16; column++, p = end) {
			row->v[column] = strtoll(p, &end, column == CR_IPC_MODE ? 8 : 10);
			if (end == p)
				break;
		}
	}
	return 0;
}

static const struct cr_party *party(const struct cr_save *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->parties.n; i++)
		if (s->parties.v[i].pid == pid)
			return &s->parties.v[i];
	return NULL;
}

/* Who has but saved an object of somebody else's, which the kernel notes as use of it. */
bool cr_ipc_only_saves(pid_t pid)
{
	static const char *const names[] = { "crlaunch", "crrestart" };
	char path[64], exe[CR_PATH_MAX];
	const char *leaf;
	size_t i;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n <= 0)
		return false;
	exe[n] = 0;
	leaf = strrchr(exe, '/');
	for (i = 0; leaf && i < CR_ARRAY_SIZE(names); i++)
		if (!strncmp(leaf + 1, names[i], strlen(names[i])))
			return true;
	return false;
}

bool cr_ipc_ours(const struct cr_save *s, enum cr_ipc_kind kind, const cairn_IpcObject *o,
		 int64_t changed, const pid_t *pids, size_t n)
{
	bool foreign = false;
	size_t i;

	if (s->own_ipc)
		return true;
	for (i = 0; i < s->known[kind].n; i++)
		if (s->known[kind].v[i] == o->id)
			return true;
	for (i = 0; i < n; i++) {
		const struct cr_party *p = pids[i] > 0 ? party(s, pids[i]) : NULL;

		if (pids[i] <= 0)
			continue;
		/* Of an older object of somebody else's only the pid is the same by chance. */
		if (p && (p->uid == o->cuid || changed >= s->began))
			return true;
		foreign |= pids[i] != getpid() && (!kill(pids[i], 0) || errno == EPERM) &&
			   !cr_ipc_only_saves(pids[i]);
	}
	/* Of another's just as well, where a restart has left the job in the host's namespace. */
	if (foreign || changed < s->began || (s->writer && s->writer->ids))
		return false;
	for (i = 0; i < s->parties.n; i++)
		if (s->parties.v[i].uid == o->cuid)
			return true;
	return false;
}

cairn_IpcObject cr_ipc_object(const struct cr_ipc_row *row, int at)
{
	return (cairn_IpcObject){ .id = row->v[CR_IPC_ID],
				  .key = row->v[CR_IPC_KEY],
				  .mode = row->v[CR_IPC_MODE],
				  .uid = row->v[at],
				  .gid = row->v[at + 1],
				  .cuid = row->v[at + 2],
				  .cgid = row->v[at + 3] };
}

static int save_settings(struct cr_save *s, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < CR_ARRAY_SIZE(settings) && !ret; i++) {
		cr_auto_free char *text = NULL;
		cairn_IpcSetting m = cairn_IpcSetting_init_zero;
		char path[96];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/sys/%s", settings[i].name);
		n = cr_slurp(AT_FDCWD, path, &text);
		if (n <= 0 || (size_t)n > sizeof(m.value))
			continue;
		text[strcspn(text, "\n")] = 0;
		if (!strcmp(text, settings[i].initial))
			continue;
		snprintf(m.name, sizeof(m.name), "%s", settings[i].name);
		snprintf(m.value, sizeof(m.value), "%s", text);
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_IPC_SETTING, &m, err);
	}
	return ret;
}

static int finish(struct cr_save *s, struct cr_err *err)
{
	int ret = cr_segments_note(s, err);

	if (!ret)
		ret = cr_semaphores_save(s, err);
	if (!ret)
		ret = cr_messages_save(s, err);
	if (!ret && s->has_ipc && s->writer)
		ret = save_settings(s, err);
	return ret;
}

/* ---- restart ---- */

bool cr_ipc_in_image(const struct cr_image *img)
{
	size_t i;

	for (i = 0; i < img->shared.n; i++)
		if (img->shared.v[i].memory.has_sysv)
			return true;
	return img->semaphores.n || img->messages.n || img->mqueues.n;
}

/* Content: for each message its type and length, of 8 bytes each, then its text. */
static bool has_longer(const struct cr_image *img, const cairn_MessageQueue *m, int64_t limit)
{
	cr_auto_free void *data = NULL;
	struct cr_err none = { 0 };
	size_t at = 0;
	int64_t head[2];

	if (m->content.size <= (uint64_t)limit ||
	    cr_image_read_blob(img, &m->content, &data, &none))
		return false;
	while (at + sizeof(head) <= m->content.size) {
		memcpy(head, (char *)data + at, sizeof(head));
		if (head[1] < 0 || head[1] > limit)
			return head[1] > limit;
		at += sizeof(head) + head[1];
	}
	return false;
}

/* Whether what the image has of the kind fits into what a new namespace allows. */
static bool fits(const struct cr_image *img, const char *name)
{
	bool bytes = !strcmp(name, "kernel/msgmnb"), size = !strcmp(name, "kernel/msgmax");
	bool most = !strcmp(name, "fs/mqueue/msg_max");
	bool largest = !strcmp(name, "fs/mqueue/msgsize_max");
	size_t i;

	for (i = 0; i < img->messages.n; i++)
		if ((bytes && img->messages.v[i].room > 16384) ||
		    (size && has_longer(img, &img->messages.v[i], 8192)))
			return false;
	for (i = 0; i < img->mqueues.n; i++)
		if ((most && img->mqueues.v[i].max_messages > 10) ||
		    (largest && img->mqueues.v[i].max_size > 8192))
			return false;
	return strcmp(name, "fs/mqueue/queues_max") || img->mqueues.n <= 256;
}

static bool concerns(const struct cr_image *img, const char *name)
{
	bool memory = false;
	size_t i;

	for (i = 0; i < img->shared.n; i++)
		memory |= img->shared.v[i].memory.has_sysv;
	return !strncmp(name, "kernel/shm", 10) ? memory :
	       !strncmp(name, "kernel/sem", 10) ? img->semaphores.n > 0 :
	       !strncmp(name, "kernel/msg", 10) ? img->messages.n > 0 :
						  img->mqueues.n > 0;
}

/* The job may count on a larger one than it gets. */
static bool is_less(const cairn_IpcSetting *m)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(settings); i++)
		if (!strcmp(m->name, settings[i].name))
			return strtoull(settings[i].initial, NULL, 10) <
			       strtoull(m->value, NULL, 10);
	return false;
}

int cr_ipc_settings(const struct cr_image *img, bool tell, struct cr_err *err)
{
	int ret = 0, failed;
	char path[96];
	size_t i;

	for (i = 0; i < img->ipc_settings.n && !ret; i++) {
		const cairn_IpcSetting *m = &img->ipc_settings.v[i];

		if (strstr(m->name, ".."))
			continue;
		snprintf(path, sizeof(path), "/proc/sys/%s", m->name);
		failed = cr_write_file(path, m->value);
		if (failed && !fits(img, m->name))
			ret = cr_fail(err, CR_EXIT_NAMESPACE, -failed,
				      "the job's limit %s of %s cannot be set in a namespace of "
				      "its own",
				      path, m->value);
		else if (failed && tell && concerns(img, m->name) && is_less(m))
			cr_say("the job's limit %s was %s, and is less from now on (only root can "
			       "set it; with --ids=virtual the host's counts)",
			       path, m->value);
	}
	return ret;
}

static bool gone(pid_t pid)
{
	return pid <= 0 || (kill(pid, 0) && errno == ESRCH);
}

/*
 * Without a namespace of its own a job that was killed has left its objects behind. One with the
 * same key that nobody alive has used goes.
 */
static void make_way(const char *kind, key_t key)
{
	struct shmid_ds shm;
	struct semid_ds sem;
	struct msqid_ds msg;
	bool unused;
	int id, i;

	if (key == IPC_PRIVATE)
		return;
	if (kind[1] == 'h') {
		id = shmget(key, 0, 0);
		if (id >= 0 && !shmctl(id, IPC_STAT, &shm) && !shm.shm_nattch &&
		    gone(shm.shm_cpid) && gone(shm.shm_lpid))
			shmctl(id, IPC_RMID, NULL);
	} else if (kind[1] == 'e') {
		id = semget(key, 0, 0);
		unused = id >= 0 && !semctl(id, 0, IPC_STAT, &sem);
		for (i = 0; unused && i < (int)sem.sem_nsems; i++)
			unused = gone(semctl(id, i, GETPID));
		if (unused)
			semctl(id, 0, IPC_RMID);
	} else {
		id = msgget(key, 0);
		if (id >= 0 && !msgctl(id, IPC_STAT, &msg) && gone(msg.msg_lspid) &&
		    gone(msg.msg_lrpid))
			msgctl(id, IPC_RMID, NULL);
	}
}

bool cr_ipc_next_id(const struct cr_restore *r, const char *kind, const cairn_IpcObject *o)
{
	char path[64], text[16];

	if (r->virtual_ids) {
		make_way(kind, o->key);
		return true;
	}
	snprintf(path, sizeof(path), "/proc/sys/kernel/%s_next_id", kind);
	snprintf(text, sizeof(text), "%d", o->id);
	return !cr_write_file(path, text);
}

int cr_ipc_made(struct cr_restore *r, const char *kind, const cairn_IpcObject *o, int id,
		struct cr_err *err)
{
	struct cr_ipc_id *to;

	if (id < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot make the SysV %s object %d (key 0x%08x) again", kind, o->id,
			       o->key);
	if (id != o->id && !r->virtual_ids)
		return cr_fail(err, CR_EXIT_NAMESPACE, 0,
			       "the SysV %s object %d (key 0x%08x) cannot have its id again by "
			       "/proc/sys/kernel/%s_next_id (see --ids=virtual)",
			       kind, o->id, o->key, kind);
	to = cr_list_add(&r->ipc_ids);
	if (!to)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "SysV IPC");
	*to = (struct cr_ipc_id){ kind[1], o->id, id };
	cr_restored_as(r,
		       kind[1] == 'h' ? CR_ID_SHM :
		       kind[1] == 'e' ? CR_ID_SEM :
					CR_ID_MSG,
		       o->id, id);
	return 0;
}

int cr_ipc_id_now(const struct cr_restore *r, char kind, int saved)
{
	size_t i;

	for (i = 0; i < r->ipc_ids.n; i++)
		if (r->ipc_ids.v[i].kind == kind && r->ipc_ids.v[i].saved == saved)
			return r->ipc_ids.v[i].now;
	return -ENOENT;
}

static pid_t clone_as(pid_t pid)
{
	struct clone_args c = { .set_tid = (uintptr_t)&pid, .set_tid_size = 1 };

	return syscall(SYS_clone3, &c, sizeof(c));
}

int cr_ipc_as(const struct cr_restore *r, pid_t pid, uid_t uid, gid_t gid, int (*fn)(void *),
	      void *arg)
{
	bool other = geteuid() != uid || getegid() != gid;
	int status;
	pid_t child;

	if (r->virtual_ids || ((pid <= 0 || pid == getpid()) && !other))
		return fn(arg);
	child = pid > 0 && pid != getpid() ? clone_as(pid) : -1;
	/* Its number may be one that we need ourselves. */
	if (child < 0)
		child = fork();
	if (!child) {
		if (other &&
		    (syscall(SYS_setresgid, -1, gid, -1) || syscall(SYS_setresuid, -1, uid, -1)))
			_exit(EPERM);
		_exit(-fn(arg));
	}
	if (child < 0)
		return -errno;
	while (waitpid(child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int prepare(struct cr_restore *r, struct cr_err *err)
{
	int ret = cr_segments_prepare(r, err);
	if (!ret)
		ret = cr_semaphores_prepare(r, err);
	return ret ? ret : cr_messages_prepare(r, err);
}

static void free_restore(struct cr_restore *r)
{
	cr_segments_free(r);
	free(r->ipc_ids.v);
	free(r->ipc_held.v);
	memset(&r->ipc_held, 0, sizeof(r->ipc_held));
	memset(&r->ipc_ids, 0, sizeof(r->ipc_ids));
}

/* It has no descriptors. */
static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return false;
}

const struct cr_object cr_object_sysv = {
	.kind = cairn_ObjectKind_OBJECT_SYSV,
	.name = "SysV IPC",
	.match = match,
	.finish = finish,
	.prepare = prepare,
	.free_restore = free_restore,
};
