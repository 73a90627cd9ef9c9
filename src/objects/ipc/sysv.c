// SPDX-License-Identifier: Apache-2.0
//
// SysV IPC: which objects are the job's, the limits of their namespace, and who made them. The
// kernel keeps them apart from processes and descriptors, so they are found in /proc/sysvipc. After
// a restart the job has an ipc namespace of its own and everything in it is the job's.
// Runs in: the shepherd. On failure: an object that cannot be read or made again is named.
#include "objects/ipc/sysv.h"

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

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/ipc/ipc.h"
#include "objects/ipc/sysv_msg.h"
#include "objects/ipc/sysv_sem.h"
#include "objects/ipc/sysv_shm.h"
#include "objects/shape/shape.h"

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

static int sysv_finish(struct cr_save *s, struct cr_err *err)
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
static bool sysv_fits(const struct cr_image *img, const char *name)
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
		if (failed && !sysv_fits(img, m->name))
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

static int sysv_prepare(struct cr_restore *r, struct cr_err *err)
{
	int ret = cr_segments_prepare(r, err);
	if (!ret)
		ret = cr_semaphores_prepare(r, err);
	return ret ? ret : cr_messages_prepare(r, err);
}

static void sysv_free_restore(struct cr_restore *r)
{
	cr_segments_free(r);
	free(r->ipc_ids.v);
	free(r->ipc_held.v);
	memset(&r->ipc_held, 0, sizeof(r->ipc_held));
	memset(&r->ipc_ids, 0, sizeof(r->ipc_ids));
}

const struct cr_object cr_object_sysv = {
	.shape = &cr_shape_sysv,
	.finish = sysv_finish,
	.prepare = sysv_prepare,
	.free_restore = sysv_free_restore,
};
