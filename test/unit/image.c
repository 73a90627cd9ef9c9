// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints written, found, read, kept and pruned.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/image_format.h"
#include "common/image_read.h"
#include "common/image_write.h"
#include "restart/check.h"
#include "restart/restart.h"
#include "unit.h"

static struct sample s;
static struct cr_image img;
static struct cr_err err;
static char path[CR_PATH_MAX];

static bool there(const char *name)
{
	char at[CR_PATH_MAX];
	struct stat st;

	snprintf(at, sizeof(at), "%s/%s", unit_dir, name);
	return !lstat(at, &st);
}

static void write_sample(bool full)
{
	ck_assert_msg(!sample_write(&s, unit_dir, full, path, &err), "%s", err.text);
}

static void open_sample(void)
{
	ck_assert_msg(!cr_image_open(&img, path, &err), "%s", err.text);
}

static void compare_process(const struct cr_process_image *p)
{
	unit_same(cairn_Process_fields, &p->process, &s.process);
	unit_same(cairn_ProcessCore_fields, &p->core, &s.core);
	ck_assert_uint_eq(p->threads.n, 1);
	unit_same(cairn_Thread_fields, &p->threads.v[0], &s.thread);
	ck_assert_uint_eq(p->pending.n, 1);
	unit_same(cairn_PendingSignal_fields, &p->pending.v[0], &s.pending);
	ck_assert_uint_eq(p->timers.n, 1);
	unit_same(cairn_PosixTimer_fields, &p->timers.v[0], &s.timer);
	ck_assert_uint_eq(p->fds.n, 1);
	unit_same(cairn_FdEntry_fields, &p->fds.v[0], &s.fds);
	/* Sorted by address. */
	ck_assert_uint_eq(p->vmas.n, 3);
	unit_same(cairn_Vma_fields, &p->vmas.v[0], &s.vmas[1]);
	unit_same(cairn_Vma_fields, &p->vmas.v[1], &s.vmas[2]);
	unit_same(cairn_Vma_fields, &p->vmas.v[2], &s.vmas[0]);
	ck_assert_uint_eq(p->runs.n, s.runs.runs_count);
	unit_same(cairn_PageRun_fields, &p->runs.v[0], &s.runs.runs[3]);
	unit_same(cairn_PageRun_fields, &p->runs.v[1], &s.runs.runs[2]);
	unit_same(cairn_PageRun_fields, &p->runs.v[2], &s.runs.runs[1]);
	unit_same(cairn_PageRun_fields, &p->runs.v[3], &s.runs.runs[0]);
}

static void compare_blob(const cairn_Blob *blob, const void *want, size_t len)
{
	void *data;

	ck_assert_msg(!cr_image_read_blob(&img, blob, &data, &err), "%s", err.text);
	ck_assert_uint_eq(blob->size, len);
	ck_assert_mem_eq(data, want, len);
	free(data);
}

static void compare_contents(void)
{
	const cairn_PageRun *raw = &s.runs.runs[0], *lz4 = &s.runs.runs[1];
	cairn_Blob one = { .offset = raw->offset, .size = raw->stored, .xxh3 = raw->xxh3 };
	cairn_Blob two = { .offset = lz4->offset, .size = lz4->stored, .xxh3 = lz4->xxh3 };
	void *data, *unpacked;

	compare_blob(&one, s.page, CR_PAGE);
	compare_blob(&s.extent.blob, "a file's content", 16);
	compare_blob(&s.pipe.content, "in a pipe", 9);
	ck_assert_int_eq(cr_image_read_blob(&img, &two, &data, &err), 0);
	ck_assert_int_eq(cr_unpack(data, two.size, &unpacked, CR_PAGE), 0);
	ck_assert_mem_eq(unpacked, s.page, CR_PAGE);
	free(unpacked);
	/* Another length than it was is refused. */
	ck_assert_int_eq(cr_unpack(data, two.size, &unpacked, CR_PAGE - 1), -EBADMSG);
	free(unpacked);
	ck_assert_int_eq(cr_unpack(data, two.size, &unpacked, CR_PAGE + 1), -EBADMSG);
	free(unpacked);
	free(data);
}

START_TEST(roundtrip)
{
	char found[CR_PATH_MAX];
	int fds = unit_open_fds();

	write_sample(_i);
	ck_assert_int_eq(cr_image_find(unit_dir, found, &err), 0);
	ck_assert_str_eq(found, path);
	ck_assert_int_eq(cr_image_find(path, found, &err), 0);
	ck_assert_str_eq(found, path);
	open_sample();
	unit_same(cairn_Manifest_fields, &img.manifest, &s.manifest);
	unit_same(cairn_Job_fields, &img.job, &s.job);
	ck_assert_uint_eq(img.processes.n, 2);
	ck_assert_ptr_null(cr_image_process(&img, 12));
	compare_process(cr_image_process(&img, SAMPLE_PID));
	unit_same(cairn_Process_fields, &cr_image_process(&img, SAMPLE_ZOMBIE)->process, &s.zombie);
	ck_assert_uint_eq(img.shared.n, 1);
	unit_same(cairn_SharedMemory_fields, &img.shared.v[0].memory, &s.shared);
	ck_assert_uint_eq(img.shared.v[0].runs.n, 1);
	unit_same(cairn_PageRun_fields, &img.shared.v[0].runs.v[0], &s.shared_runs.runs[0]);
	ck_assert_uint_eq(img.descriptions.n, 1);
	unit_same(cairn_Description_fields, &img.descriptions.v[0], &s.description);
	ck_assert_uint_eq(img.inodes.n, 1);
	unit_same(cairn_Inode_fields, &img.inodes.v[0], &s.inode);
	ck_assert_uint_eq(img.pipes.n, 1);
	unit_same(cairn_Pipe_fields, &img.pipes.v[0], &s.pipe);
	ck_assert_uint_eq(img.locks.n, 1);
	unit_same(cairn_Lock_fields, &img.locks.v[0], &s.lock);
	ck_assert_uint_eq(img.extents.n, 1);
	unit_same(cairn_Extent_fields, &img.extents.v[0], &s.extent);
	ck_assert_uint_eq(img.xattrs.n, 1);
	unit_same(cairn_Xattr_fields, &img.xattrs.v[0], &s.xattr);
	compare_contents();
	ck_assert_msg(!cr_restart_check(&img, false, &err), "%s", err.text);
	cr_image_free(&img);
	ck_assert_int_eq(unit_open_fds(), fds);
}
END_TEST

START_TEST(every_record_has_a_descriptor)
{
	int t;

	for (t = cairn_RecordType_RECORD_JOB; t <= cairn_RecordType_RECORD_LOCK; t++)
		ck_assert_ptr_nonnull(cr_image_descriptor(t));
	ck_assert_ptr_null(cr_image_descriptor(cairn_RecordType_RECORD_NONE));
	ck_assert_ptr_nonnull(cr_image_descriptor(_cairn_RecordType_MAX));
	ck_assert_ptr_null(cr_image_descriptor(_cairn_RecordType_MAX + 1));
	ck_assert_ptr_null(cr_image_descriptor((cairn_RecordType)UINT32_MAX));
}
END_TEST

/* More records than the writer's buffer holds, blobs that must not overlap. */
START_TEST(many)
{
	struct cr_image_writer w;
	uint64_t end = 0;
	int i;

	sample_write(&s, unit_dir, true, path, &err);
	ck_assert_int_eq(cr_image_create(&w, unit_dir, 0, &err), 0);
	ck_assert_uint_eq(w.number, 2);
	cr_image_record(&w, cairn_RecordType_RECORD_PROCESS, &s.process, &err);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(cr_image_record(&w, cairn_RecordType_RECORD_VMA, &s.vmas[0], &err),
				 0);
	for (i = 0; i < 20; i++) {
		cairn_Blob blob;

		ck_assert_int_eq(cr_image_blob(&w, s.page, i * 200 + 1, &blob, &err), 0);
		ck_assert_uint_ge(blob.offset, end);
		end = blob.offset + blob.size;
	}
	ck_assert_int_eq(cr_image_commit(&w, &s.manifest, &err), 0);
	cr_image_close(&w, true);
	ck_assert_int_eq(cr_image_find(unit_dir, path, &err), 0);
	open_sample();
	ck_assert_uint_eq(img.manifest.number, 2);
	ck_assert_uint_eq(cr_image_process(&img, SAMPLE_PID)->vmas.n, 1000);
	cr_image_free(&img);
}
END_TEST

START_TEST(not_found)
{
	unit_refused(cr_image_find("/nowhere/at/all", path, &err), &err, CR_EXIT_NOT_FOUND,
		     "/nowhere/at/all");
	cr_err_clear(&err);
	unit_refused(cr_image_find(unit_dir, path, &err), &err, CR_EXIT_NOT_FOUND, unit_dir);
	cr_err_clear(&err);
	unit_refused(cr_image_open(&img, "/nowhere/at/all", &err), &err, CR_EXIT_NOT_FOUND,
		     "/nowhere/at/all");
	cr_image_free(&img);
}
END_TEST

START_TEST(unfinished)
{
	struct cr_image_writer w, again;
	int fds = unit_open_fds();

	ck_assert_int_eq(cr_image_create(&w, unit_dir, 0, &err), 0);
	ck_assert(there(".000001.tmp/" CR_STATE));
	ck_assert_int_lt(cr_image_find(unit_dir, path, &err), 0);
	ck_assert_int_eq(err.status, CR_EXIT_NOT_FOUND);
	cr_err_clear(&err);
	/* Its number is not given away a second time. */
	ck_assert_int_eq(cr_image_create(&again, unit_dir, 0, &err), 0);
	ck_assert_uint_eq(again.number, 2);
	cr_image_close(&again, false);
	ck_assert(!there(".000002.tmp"));
	/* As after a crash: the directory stays, the next prune removes it. */
	cr_image_close(&w, true);
	ck_assert(there(".000001.tmp"));
	write_sample(false);
	ck_assert(there("000002"));
	ck_assert_int_eq(cr_image_find(unit_dir, path, &err), 0);
	cr_image_prune(unit_dir, 2, 0);
	ck_assert(!there(".000001.tmp"));
	ck_assert(there("000002/" CR_MANIFEST));
	ck_assert_int_eq(unit_open_fds(), fds);
}
END_TEST

START_TEST(prune)
{
	int i;

	for (i = 0; i < 5; i++)
		write_sample(false);
	cr_image_prune(unit_dir, 9, 0);
	ck_assert(there("000001") && there("000005"));
	cr_image_prune(unit_dir, 2, 0);
	ck_assert(!there("000001") && !there("000002") && !there("000003"));
	ck_assert(there("000004") && there("000005"));
	cr_image_prune(unit_dir, 1, 0);
	ck_assert(!there("000004") && there("000005"));
	write_sample(false);
	ck_assert(there("000006"));
	cr_image_prune("/nowhere/at/all", 1, 0);
}
END_TEST

/* Beyond six digits the order of names is not that of numbers. */
START_TEST(prune_a_million)
{
	static const char *const names[] = { "999998", "999999", "1000000" };
	char at[CR_PATH_MAX];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(at, sizeof(at), "%s/%s", unit_dir, names[i]);
		ck_assert_int_eq(mkdir(at, 0700), 0);
	}
	cr_image_prune(unit_dir, 2, 0);
	ck_assert(!there("999998") && there("999999") && there("1000000"));
	ck_assert_int_eq(cr_image_find(unit_dir, path, &err), 0);
	ck_assert_str_eq(path, at);
}
END_TEST

START_TEST(foreign_files_stay)
{
	char at[CR_PATH_MAX];
	int i;
	static const char *const names[] = { "notes", "000001.old", ".hidden", "1x", ".tmp" };

	for (i = 0; i < 5; i++) {
		snprintf(at, sizeof(at), "%s/%s", unit_dir, names[i]);
		ck_assert_int_eq(mkdir(at, 0700), 0);
	}
	write_sample(false);
	write_sample(false);
	cr_image_prune(unit_dir, 1, 0);
	for (i = 0; i < 5; i++)
		ck_assert(there(names[i]));
	ck_assert(!there("000001") && there("000002"));
}
END_TEST

START_TEST(numbers)
{
	ck_assert_uint_eq(cr_checkpoint_number("000001"), 1);
	ck_assert_uint_eq(cr_checkpoint_number("999999"), 999999);
	ck_assert_uint_eq(cr_checkpoint_number("1000000"), 1000000);
	ck_assert_uint_eq(cr_checkpoint_number(".000001.tmp"), 0);
	ck_assert_uint_eq(cr_checkpoint_number("000001.tmp"), 0);
	ck_assert_uint_eq(cr_checkpoint_number("+1"), 0);
	ck_assert_uint_eq(cr_checkpoint_number(" 1"), 0);
	ck_assert_uint_eq(cr_checkpoint_number("-1"), 0);
	ck_assert_uint_eq(cr_checkpoint_number(""), 0);
	ck_assert_uint_eq(cr_checkpoint_number("."), 0);
	ck_assert_uint_eq(cr_checkpoint_number(".."), 0);
}
END_TEST

TCase *unit_image(void)
{
	TCase *c = tcase_create("image");

	tcase_add_checked_fixture(c, unit_setup, unit_teardown);
	tcase_add_loop_test(c, roundtrip, 0, 1);
	tcase_add_test(c, every_record_has_a_descriptor);
	tcase_add_test(c, many);
	tcase_add_test(c, not_found);
	tcase_add_test(c, unfinished);
	tcase_add_test(c, prune);
	tcase_add_test(c, prune_a_million);
	tcase_add_test(c, foreign_files_stay);
	tcase_add_test(c, numbers);
	return c;
}
