// SPDX-License-Identifier: Apache-2.0
//
// Messages filled by walking their nanopb descriptors, and a checkpoint made of them.
#include "common/err.h"
#include "common/image_write.h"
#include "sample.h"

#include <lz4.h>
#include <pb_common.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t sample_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill_one(const pb_field_iter_t *f, char *at, bool full, uint64_t *state)
{
	pb_bytes_array_t *bytes = (void *)at;
	uint64_t value = sample_random(state);
	size_t i, n;

	switch (PB_LTYPE(f->type)) {
	case PB_LTYPE_BOOL:
		*(bool *)at = value & 1;
		break;
	case PB_LTYPE_BYTES:
		n = f->data_size - offsetof(pb_bytes_array_t, bytes);
		bytes->size = full ? n : 4;
		for (i = 0; i < bytes->size; i++)
			bytes->bytes[i] = sample_random(state);
		break;
	case PB_LTYPE_STRING:
		if (PB_ATYPE(f->type) == PB_ATYPE_POINTER) {
			*(char **)at = full ? "/a/path/that/is/longer/than/most" : "/path";
			break;
		}
		n = full || f->data_size < 6 ? f->data_size - 1 : 5;
		for (i = 0; i < n; i++)
			at[i] = 'a' + sample_random(state) % 26;
		at[n] = 0;
		break;
	case PB_LTYPE_SUBMESSAGE:
		sample_fill(f->submsg_desc, at, full, 0, state);
		break;
	default:
		memcpy(at, &value, f->data_size);
	}
}

void sample_fill(const pb_msgdesc_t *type, void *msg, bool full, pb_size_t which, uint64_t *state)
{
	pb_field_iter_t f;
	pb_size_t i, n;

	if (!pb_field_iter_begin(&f, type, msg))
		return;
	do {
		n = 1;
		if (PB_HTYPE(f.type) == PB_HTYPE_ONEOF) {
			if (f.tag != which)
				continue;
			*(pb_size_t *)f.pSize = which;
		} else if (PB_HTYPE(f.type) == PB_HTYPE_REPEATED) {
			n = full || f.array_size < 2 ? f.array_size : 2;
			*(pb_size_t *)f.pSize = n;
		} else if (PB_HTYPE(f.type) == PB_HTYPE_OPTIONAL && f.pSize) {
			*(bool *)f.pSize = true;
		}
		for (i = 0; i < n; i++)
			fill_one(&f, (char *)f.pField + i * f.data_size, full, state);
	} while (pb_field_iter_next(&f));
}

static void make_vmas(struct sample *s, const struct stat *exe)
{
	static const uint64_t starts[3] = { 0x30000000, 0x10000000, 0x20000000 };
	size_t i;

	for (i = 0; i < 3; i++) {
		cairn_Vma *v = &s->vmas[i];

		v->pid = SAMPLE_PID;
		v->start = starts[i];
		v->end = starts[i] + 64 * CR_PAGE;
		v->kind = cairn_VmaKind_VMA_ANON;
	}
	s->vmas[2].kind = cairn_VmaKind_VMA_FILE;
	s->vmas[2].path = s->process.exe;
	s->vmas[2].size = exe->st_size;
	s->vmas[2].mtime_ns = exe->st_mtim.tv_sec * 1000000000ll + exe->st_mtim.tv_nsec;
	s->vmas[2].packed = false;
	s->vmas[2].deleted = false;
}

/* The values that mean something to the reader. */
static void make_sense(struct sample *s)
{
	struct stat st = { 0 };

	s->process.pid = s->core.pid = s->thread.pid = s->pending.pid = s->timer.pid = SAMPLE_PID;
	s->fds.pid = SAMPLE_PID;
	s->thread.tid = SAMPLE_PID;
	s->zombie.pid = SAMPLE_ZOMBIE;
	s->job.shepherd_pid = s->job.shepherd_pgid = s->job.shepherd_sid = SAMPLE_SHEPHERD;
	s->process.ppid = s->zombie.ppid = SAMPLE_SHEPHERD;
	s->process.pgid = s->process.sid = s->zombie.pgid = s->zombie.sid = SAMPLE_SHEPHERD;
	s->zombie.zombie = true;
	s->process.zombie = false;
	s->process.exe_deleted = false;
	strcpy(s->process.exe, "/proc/self/exe");
	stat(s->process.exe, &st);
	s->process.exe_size = st.st_size;
	s->process.exe_mtime_ns = st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec;
	make_vmas(s, &st);
	s->shared.id = 1;
	s->manifest.uid = geteuid();
	s->manifest.cpu.words_count = 0;
	s->manifest.cpu.xcr0 = 0;
	s->manifest.cpu.places_count = 0;
}

static void place_run(cairn_PageRun *run, uint64_t addr, cairn_Codec codec, const cairn_Blob *blob)
{
	*run = (cairn_PageRun){ .addr = addr, .pages = 1, .codec = codec };
	if (!blob)
		return;
	run->offset = blob->offset;
	run->stored = blob->size;
	run->xxh3 = blob->xxh3;
}

/* Runs in no order, of all codecs. */
static int make_runs(struct sample *s, struct cr_image_writer *w, bool full, struct cr_err *err)
{
	char packed[CR_PAGE + 64];
	cairn_Blob raw, lz4;
	size_t i, n;
	int ret;

	for (i = 0; i < CR_PAGE; i++)
		s->page[i] = i * i >> 5;
	n = LZ4_compress_default((char *)s->page, packed, CR_PAGE, sizeof(packed));
	ret = cr_image_blob(w, s->page, CR_PAGE, &raw, err);
	if (!ret)
		ret = cr_image_blob(w, packed, n, &lz4, err);
	s->runs = (cairn_PageRuns){ .pid = SAMPLE_PID, .runs_count = 4 };
	place_run(&s->runs.runs[0], 0x30000000, cairn_Codec_CODEC_RAW, &raw);
	place_run(&s->runs.runs[1], 0x10002000, cairn_Codec_CODEC_LZ4, &lz4);
	place_run(&s->runs.runs[2], 0x10001000, cairn_Codec_CODEC_ZERO, NULL);
	place_run(&s->runs.runs[3], 0x10000000, cairn_Codec_CODEC_GUARD, NULL);
	for (i = 4; full && i < CR_ARRAY_SIZE(s->runs.runs); i++, s->runs.runs_count++)
		place_run(&s->runs.runs[i], 0x40000000 + i * CR_PAGE, cairn_Codec_CODEC_ZERO, NULL);
	s->shared_runs = (cairn_PageRuns){ .shared = 1, .runs_count = 1 };
	place_run(&s->shared_runs.runs[0], 0, cairn_Codec_CODEC_RAW, &raw);
	return ret;
}

static int write_records(struct sample *s, struct cr_image_writer *w, struct cr_err *err)
{
	const struct {
		cairn_RecordType type;
		const void *msg;
	} records[] = {
		{ cairn_RecordType_RECORD_JOB, &s->job },
		{ cairn_RecordType_RECORD_PROCESS, &s->process },
		{ cairn_RecordType_RECORD_PROCESS, &s->zombie },
		{ cairn_RecordType_RECORD_CORE, &s->core },
		{ cairn_RecordType_RECORD_THREAD, &s->thread },
		{ cairn_RecordType_RECORD_PENDING, &s->pending },
		{ cairn_RecordType_RECORD_TIMER, &s->timer },
		{ cairn_RecordType_RECORD_VMA, &s->vmas[0] },
		{ cairn_RecordType_RECORD_VMA, &s->vmas[1] },
		{ cairn_RecordType_RECORD_VMA, &s->vmas[2] },
		{ cairn_RecordType_RECORD_RUNS, &s->runs },
		{ cairn_RecordType_RECORD_SHARED, &s->shared },
		{ cairn_RecordType_RECORD_RUNS, &s->shared_runs },
		{ cairn_RecordType_RECORD_DESCRIPTION, &s->description },
		{ cairn_RecordType_RECORD_FDS, &s->fds },
		{ cairn_RecordType_RECORD_INODE, &s->inode },
		{ cairn_RecordType_RECORD_PIPE, &s->pipe },
		{ cairn_RecordType_RECORD_LOCK, &s->lock },
		{ cairn_RecordType_RECORD_EXTENT, &s->extent },
		{ cairn_RecordType_RECORD_XATTR, &s->xattr },
	};
	size_t i;
	int ret = 0;

	for (i = 0; i < CR_ARRAY_SIZE(records) && !ret; i++)
		ret = cr_image_record(w, records[i].type, records[i].msg, err);
	return ret;
}

#define FILL(type, msg) sample_fill(cairn_##type##_fields, msg, full, 0, &state)

int sample_write(struct sample *s, const char *parent, bool full, char path[CR_PATH_MAX],
		 struct cr_err *err)
{
	struct cr_image_writer w;
	uint64_t state = 88172645463325252ull;
	int ret;

	memset(s, 0, sizeof(*s));
	FILL(Manifest, &s->manifest);
	FILL(Job, &s->job);
	FILL(Process, &s->process);
	FILL(Process, &s->zombie);
	FILL(ProcessCore, &s->core);
	FILL(Thread, &s->thread);
	FILL(PendingSignal, &s->pending);
	FILL(PosixTimer, &s->timer);
	FILL(Vma, &s->vmas[0]);
	FILL(Vma, &s->vmas[1]);
	FILL(Vma, &s->vmas[2]);
	FILL(SharedMemory, &s->shared);
	FILL(Description, &s->description);
	FILL(FdEntry, &s->fds);
	FILL(Inode, &s->inode);
	FILL(Pipe, &s->pipe);
	FILL(Lock, &s->lock);
	FILL(Extent, &s->extent);
	FILL(Xattr, &s->xattr);
	make_sense(s);
	ret = cr_image_create(&w, parent, 0, err);
	if (!ret)
		ret = make_runs(s, &w, full, err);
	if (!ret)
		ret = cr_image_blob(&w, "a file's content", 16, &s->extent.blob, err);
	if (!ret)
		ret = cr_image_blob(&w, "in a pipe", 9, &s->pipe.content, err);
	if (!ret)
		ret = write_records(s, &w, err);
	if (!ret)
		ret = cr_image_commit(&w, &s->manifest, err);
	snprintf(path, CR_PATH_MAX, "%s", w.path);
	cr_image_close(&w, !ret);
	return ret;
}
