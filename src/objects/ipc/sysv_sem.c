// SPDX-License-Identifier: Apache-2.0
//
// SysV semaphores: values, who operated each last, and what the end of a process will undo. The
// undo values are found out by the agents (preload/agent_undo.c), and come as records of a process.
// Runs in: the shepherd; cr_semaphores_of_process() in a restarted process.
#include "objects/ipc/sysv_sem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sem.h>

#include "common/image_write.h"
#include "objects/ipc/ipc.h"
#include "objects/ipc/sysv_make.h"

/* Columns of /proc/sysvipc/sem. */
enum { NSEMS = 3, UID, OTIME = UID + 4, CTIME };

#define HIGHEST 32767

static int sysv_sem_unreadable(const struct cr_ipc_row *row, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
		       "the SysV semaphores %d (key 0x%08x) cannot be read", (int)row->v[CR_IPC_ID],
		       (unsigned int)row->v[CR_IPC_KEY]);
}

static int write_set(struct cr_save *s, const struct cr_ipc_row *row, const unsigned short *values,
		     const pid_t *pids, struct cr_err *err)
{
	cr_auto_free cairn_SemaphoreSet *m = calloc(1, sizeof(*m));
	size_t n = row->v[NSEMS], i, k;
	int ret = m ? 0 : -ENOMEM;

	for (i = 0; i < n && !ret; i += k) {
		m->ipc = cr_ipc_object(row, UID);
		m->has_ipc = true;
		m->count = n;
		m->first = i;
		m->operated = row->v[OTIME];
		for (k = 0; k < CR_ARRAY_SIZE(m->values) && i + k < n; k++) {
			m->values[k] = values[i + k];
			m->pids[k] = pids[i + k];
		}
		m->values_count = m->pids_count = k;
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_SEMAPHORES, m, err);
	}
	return ret;
}

static int save_set(struct cr_save *s, const struct cr_ipc_row *row, struct cr_err *err)
{
	int id = row->v[CR_IPC_ID], i, n = row->v[NSEMS];
	cr_auto_free pid_t *pids = calloc(n, sizeof(*pids));
	cr_auto_free unsigned short *values = calloc(n, sizeof(*values));
	cairn_IpcObject ipc;
	int *to;

	if (!pids || !values)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "SysV semaphores");
	for (i = 0; i < n; i++)
		pids[i] = semctl(id, i, GETPID);
	ipc = cr_ipc_object(row, UID);
	if (!cr_ipc_ours(s, CR_IPC_SEMAPHORES, &ipc, row->v[CTIME], pids, n))
		return 0;
	if (semctl(id, 0, GETALL, values))
		/* Gone just now, or not for us to read. */
		return errno == EIDRM || errno == EINVAL ? 0 : sysv_sem_unreadable(row, err);
	s->has_ipc = true;
	if (row->v[OTIME]) {
		to = cr_list_add(&s->sets);
		if (!to)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "SysV semaphores");
		*to = id;
	}
	return s->writer ? write_set(s, row, values, pids, err) : 0;
}

int cr_semaphores_save(struct cr_save *s, struct cr_err *err)
{
	cr_ipc_rows rows = { 0 };
	size_t i;
	int ret = cr_ipc_rows_read("sem", &rows);

	if (ret)
		cr_fail(err, CR_EXIT_INTERNAL, -ret, "cannot read /proc/sysvipc/sem");
	for (i = 0; i < rows.n && !ret; i++)
		ret = save_set(s, &rows.v[i], err);
	free(rows.v);
	return ret;
}

/* ---- restart ---- */

static int sysv_sem_make(const void *what)
{
	const cairn_SemaphoreSet *m = what;

	return semget(m->ipc.key, m->count, IPC_CREAT | IPC_EXCL | 0600);
}

static int set_value(int id, unsigned int number, unsigned int value)
{
	return semctl(id, number, SETVAL, value);
}

/* Changes nothing but who operated it last, and when. */
static void operate(int id, unsigned int number, unsigned int value)
{
	struct sembuf up = { number, 1, IPC_NOWAIT }, down = { number, -1, IPC_NOWAIT };
	struct sembuf ops[2] = { up, down };

	if (value == HIGHEST) {
		ops[0] = down;
		ops[1] = up;
	}
	semop(id, ops, 2);
}

struct last {
	const struct cr_restore *r;
	pid_t pid;
};

static int be_last(void *arg)
{
	const struct last *l = arg;
	size_t i;
	pb_size_t k;

	for (i = 0; i < l->r->img->semaphores.n; i++) {
		const cairn_SemaphoreSet *m = &l->r->img->semaphores.v[i];
		int id = cr_ipc_id_now(l->r, 'e', m->ipc.id);

		for (k = 0; k < m->values_count; k++) {
			if (m->pids[k] != l->pid)
				continue;
			if (m->operated)
				operate(id, m->first + k, m->values[k]);
			else
				set_value(id, m->first + k, m->values[k]);
		}
	}
	return 0;
}

/* A process for each that operated a semaphore last. */
static void set_pids(const struct cr_restore *r)
{
	CR_LIST(pid_t) done = { 0 };
	size_t i, j;
	pb_size_t k;

	for (i = 0; i < r->img->semaphores.n; i++) {
		const cairn_SemaphoreSet *m = &r->img->semaphores.v[i];

		for (k = 0; k < m->pids_count; k++) {
			struct last l = { r, m->pids[k] };
			pid_t *to;

			for (j = 0; j < done.n && done.v[j] != l.pid; j++)
				;
			if (l.pid <= 0 || j < done.n || !(to = cr_list_add(&done)))
				continue;
			*to = l.pid;
			cr_ipc_as(r, l.pid, geteuid(), getegid(), be_last, &l);
		}
	}
	free(done.v);
}

static int sysv_sem_set_perm(int id, const cairn_IpcObject *o, struct cr_err *err)
{
	struct semid_ds ds;

	if (semctl(id, 0, IPC_STAT, &ds))
		return cr_fail(err, CR_EXIT_NAMESPACE, errno,
			       "the SysV semaphores %d cannot have their id again", o->id);
	ds.sem_perm.uid = o->uid;
	ds.sem_perm.gid = o->gid;
	ds.sem_perm.mode = o->mode & 0777;
	if (semctl(id, 0, IPC_SET, &ds))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot give the SysV semaphores %d to user %u", id, o->uid);
	return 0;
}

static int make_set(struct cr_restore *r, const struct cr_ipc_list *l, size_t i,
		    struct cr_err *err)
{
	const cairn_SemaphoreSet *m = &r->img->semaphores.v[i];
	int id;

	if (!m->count || m->count > HIGHEST)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image has %u SysV semaphores",
			       m->count);
	id = cr_ipc_make(r, l, &m->ipc, 0, sysv_sem_make, m, err);
	return id < 0 ? id : 0;
}

/* A set may have several records. */
static int sysv_sem_id_of(const struct cr_image *img, size_t i)
{
	return img->semaphores.v[i].first ? -1 : img->semaphores.v[i].ipc.id;
}

/* Before anyone operates them, since SETVAL and SETALL undo what there is to undo. */
int cr_semaphores_prepare(struct cr_restore *r, struct cr_err *err)
{
	struct cr_ipc_list l = { "sem", r->img, r->img->semaphores.n, sysv_sem_id_of };
	size_t i;
	pb_size_t k;
	int ret = cr_ipc_each(r, &l, make_set, err), id;

	for (i = 0; i < r->img->semaphores.n && !ret; i++) {
		const cairn_SemaphoreSet *m = &r->img->semaphores.v[i];

		id = cr_ipc_id_now(r, 'e', m->ipc.id);
		for (k = 0; k < m->values_count && !ret; k++)
			if (m->values[k] && set_value(id, m->first + k, m->values[k]))
				ret = cr_fail(err, CR_EXIT_NAMESPACE, errno,
					      "the SysV semaphores %d cannot have their id again",
					      m->ipc.id);
	}
	if (!ret)
		set_pids(r);
	for (i = 0; i < r->img->semaphores.n && !ret; i++)
		if (!r->img->semaphores.v[i].first)
			ret = sysv_sem_set_perm(cr_ipc_id_now(r, 'e',
							      r->img->semaphores.v[i].ipc.id),
						&r->img->semaphores.v[i].ipc, err);
	return ret;
}

/* Adds to what will be undone, in steps that fit whatever the value is, and puts the value back. */
static int add_undo(int id, unsigned int number, int value)
{
	int now = semctl(id, number, GETVAL), step;

	for (; value; value -= step) {
		struct sembuf with = { number, 0, IPC_NOWAIT | SEM_UNDO };
		struct sembuf without = { number, 0, IPC_NOWAIT };
		struct sembuf ops[2];
		bool down_first;

		/* To undo +n is to have taken n. */
		step = value > 16383 ? 16383 : value < -16383 ? -16383 : value;
		with.sem_op = -step;
		without.sem_op = step;
		down_first = now > HIGHEST / 2;
		ops[0] = (with.sem_op < 0) == down_first ? with : without;
		ops[1] = (with.sem_op < 0) == down_first ? without : with;
		if (semop(id, ops, 2))
			return -errno;
	}
	return 0;
}

int cr_semaphores_of_process(const struct cr_restore *r, const struct cr_process_image *p,
			     struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < p->undos.n && !ret; i++) {
		const cairn_SemaphoreUndo *u = &p->undos.v[i];
		int id = cr_ipc_id_now(r, 'e', u->set);

		ret = id < 0 ? id : add_undo(id, u->number, u->value);
		if (ret)
			cr_fail(err, CR_EXIT_CHANGED, -ret,
				"what process %d will undo of the SysV semaphores %d",
				p->process.pid, u->set);
	}
	return ret;
}
