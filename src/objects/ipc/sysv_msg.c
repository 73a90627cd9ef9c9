// SPDX-License-Identifier: Apache-2.0
//
// SysV message queues: messages are copied out of them (MSG_COPY), which nobody notices.
// Runs in: the shepherd.
#include "objects/ipc/sysv_msg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/ipc/ipc.h"
#include "objects/ipc/sysv_make.h"

/* Columns of /proc/sysvipc/msg. */
enum { CBYTES = 3, QNUM, LSPID, LRPID, UID, CTIME = UID + 6 };

/* As msgsnd and msgrcv want it. */
struct message {
	long type;
	char text[];
};

static int sysv_msg_unreadable(const struct cr_ipc_row *row, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
		       "the messages of the SysV queue %d (key 0x%08x) cannot be read%s",
		       (int)row->v[CR_IPC_ID], (unsigned int)row->v[CR_IPC_KEY],
		       errno == ENOSYS ? ": this kernel lacks CONFIG_CHECKPOINT_RESTORE" : "");
}

static int sysv_msg_save_content(struct cr_save *s, const struct cr_ipc_row *row,
				 cairn_MessageQueue *m, struct cr_err *err)
{
	size_t room = row->v[CBYTES], used = 0;
	cr_auto_free char *all = malloc(row->v[QNUM] * 16 + room + 1);
	cr_auto_free struct message *one = malloc(sizeof(*one) + room + 1);
	int64_t i;

	if (!all || !one)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "SysV messages");
	for (i = 0; i < row->v[QNUM]; i++) {
		ssize_t n = msgrcv(m->ipc.id, one, room, i, MSG_COPY | IPC_NOWAIT | MSG_NOERROR);
		int64_t head[2] = { one->type, n };

		/* Someone outside of the job has taken one. */
		if (n < 0 && errno == ENOMSG)
			break;
		if (n < 0)
			return sysv_msg_unreadable(row, err);
		if (used + 16 + n > row->v[QNUM] * 16 + room)
			break;
		memcpy(all + used, head, 16);
		memcpy(all + used + 16, one->text, n);
		used += 16 + n;
	}
	m->has_content = used;
	return used ? cr_image_blob(s->writer, all, used, &m->content, err) : 0;
}

static int sysv_msg_save_queue(struct cr_save *s, const struct cr_ipc_row *row, struct cr_err *err)
{
	pid_t pids[] = { row->v[LSPID], row->v[LRPID] };
	cairn_MessageQueue m = { .has_ipc = true, .ipc = cr_ipc_object(row, UID) };
	struct msqid_ds ds;
	int ret;

	if (!cr_ipc_ours(s, CR_IPC_MESSAGES, &m.ipc, row->v[CTIME], pids, 2))
		return 0;
	if (msgctl(m.ipc.id, IPC_STAT, &ds))
		return errno == EIDRM || errno == EINVAL ? 0 : sysv_msg_unreadable(row, err);
	s->has_ipc = true;
	m.ipc.pid1 = pids[0];
	m.ipc.pid2 = pids[1];
	m.room = ds.msg_qbytes;
	if (!s->writer)
		return 0;
	ret = sysv_msg_save_content(s, row, &m, err);
	return ret ? ret : cr_image_record(s->writer, cairn_RecordType_RECORD_MESSAGES, &m, err);
}

int cr_messages_save(struct cr_save *s, struct cr_err *err)
{
	cr_ipc_rows rows = { 0 };
	size_t i;
	int ret = cr_ipc_rows_read("msg", &rows);

	if (ret)
		cr_fail(err, CR_EXIT_INTERNAL, -ret, "cannot read /proc/sysvipc/msg");
	for (i = 0; i < rows.n && !ret; i++)
		ret = sysv_msg_save_queue(s, &rows.v[i], err);
	free(rows.v);
	return ret;
}

/* ---- restart ---- */

struct filling {
	int id;
	const char *data;
	size_t size;
};

static int sysv_msg_make(const void *what)
{
	return msgget(((const cairn_IpcObject *)what)->key, IPC_CREAT | IPC_EXCL | 0600);
}

/* The last sender and receiver are known though nothing is left of the message: an empty one. */
static int send_empty(void *arg)
{
	struct msgbuf m = { .mtype = 1 };

	return msgsnd(*(int *)arg, &m, 0, IPC_NOWAIT) ? -errno : 0;
}

static int take_empty(void *arg)
{
	struct msgbuf m;

	return msgrcv(*(int *)arg, &m, 0, 0, IPC_NOWAIT) < 0 ? -errno : 0;
}

static int send(void *arg)
{
	struct filling *f = arg;
	cr_auto_free struct message *one = malloc(sizeof(*one) + f->size + 1);
	size_t at = 0;

	while (one && at + 16 <= f->size) {
		int64_t head[2];

		memcpy(head, f->data + at, 16);
		if (head[1] < 0 || (size_t)head[1] > f->size - at - 16)
			return -EBADMSG;
		one->type = head[0];
		memcpy(one->text, f->data + at + 16, head[1]);
		if (msgsnd(f->id, one, head[1], IPC_NOWAIT))
			return -errno;
		at += 16 + head[1];
	}
	return one ? 0 : -ENOMEM;
}

static int sysv_msg_set_attributes(const cairn_MessageQueue *m, int id, bool last,
				   struct cr_err *err)
{
	struct msqid_ds ds;

	if (msgctl(id, IPC_STAT, &ds))
		return cr_fail(err, CR_EXIT_NAMESPACE, errno,
			       "the SysV queue %d cannot have its id again", m->ipc.id);
	/* It may be fuller than its limit, which was lowered later. */
	if (last || m->room > ds.msg_qbytes)
		ds.msg_qbytes = m->room;
	if (last) {
		ds.msg_perm.uid = m->ipc.uid;
		ds.msg_perm.gid = m->ipc.gid;
		ds.msg_perm.mode = m->ipc.mode & 0777;
	}
	if (msgctl(id, IPC_SET, &ds))
		return cr_fail(err, CR_EXIT_NAMESPACE, errno,
			       "the SysV queue %d cannot have its room of %llu bytes again (raise "
			       "kernel.msgmnb)",
			       m->ipc.id, (unsigned long long)m->room);
	return 0;
}

static int sysv_msg_prepare_one(struct cr_restore *r, const struct cr_ipc_list *l, size_t i,
				struct cr_err *err)
{
	const cairn_MessageQueue *m = &r->img->messages.v[i];
	struct filling f = { .id = cr_ipc_make(r, l, &m->ipc, 0, sysv_msg_make, &m->ipc, err) };
	cr_auto_free void *data = NULL;
	int ret = f.id < 0 ? f.id : 0;

	if (!ret)
		ret = sysv_msg_set_attributes(m, f.id, false, err);
	if (!ret && m->has_content)
		ret = cr_image_read_blob(r->img, &m->content, &data, err);
	if (ret)
		return ret;
	f.data = data;
	f.size = m->content.size;
	if (m->ipc.pid2) {
		cr_ipc_as(r, m->ipc.pid1, geteuid(), getegid(), send_empty, &f.id);
		cr_ipc_as(r, m->ipc.pid2, geteuid(), getegid(), take_empty, &f.id);
	}
	if (m->has_content)
		ret = cr_ipc_as(r, m->ipc.pid1, geteuid(), getegid(), send, &f);
	if (ret)
		return cr_fail(err, CR_EXIT_NAMESPACE, -ret,
			       "cannot put the messages back into the SysV queue %d (see "
			       "kernel.msgmax and kernel.msgmnb)",
			       m->ipc.id);
	return sysv_msg_set_attributes(m, f.id, true, err);
}

static int sysv_msg_id_of(const struct cr_image *img, size_t i)
{
	return img->messages.v[i].ipc.id;
}

int cr_messages_prepare(struct cr_restore *r, struct cr_err *err)
{
	struct cr_ipc_list l = { "msg", r->img, r->img->messages.n, sysv_msg_id_of };

	return cr_ipc_each(r, &l, sysv_msg_prepare_one, err);
}
