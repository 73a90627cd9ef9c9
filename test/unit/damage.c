// SPDX-License-Identifier: Apache-2.0
//
// Damaged checkpoints: every byte counts, and the error names the file.
#include <fcntl.h>
#include <pb_encode.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

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

static void setup(void)
{
	unit_setup();
	ck_assert_msg(!sample_write(&s, unit_dir, false, path, &err), "%s", err.text);
}

static int open_file(const char *name, struct stat *st)
{
	char at[CR_PATH_MAX + 16];
	int fd;

	snprintf(at, sizeof(at), "%s/%s", path, name);
	fd = open(at, O_RDWR);
	ck_assert_int_ge(fd, 0);
	fstat(fd, st);
	return fd;
}

/* What the commands do before anything is started, and all contents. */
static int try_all(void)
{
	const cairn_PageRun *run;
	size_t i;
	int ret;

	cr_err_clear(&err);
	ret = cr_image_open(&img, path, &err);
	if (!ret)
		ret = cr_restart_check(&img, true, &err);
	for (i = 0; !ret && i < img.processes.v[0].runs.n; i++) {
		cairn_Blob blob;
		void *data;

		run = &img.processes.v[0].runs.v[i];
		blob = (cairn_Blob){ run->offset, run->stored, run->xxh3 };
		if (run->codec > cairn_Codec_CODEC_LZ4)
			continue;
		ret = cr_image_read_blob(&img, &blob, &data, &err);
		free(data);
	}
	for (i = 0; !ret && i < 2; i++) {
		void *data;

		ret = cr_image_read_blob(&img, i ? &img.pipes.v[0].content :
						   &img.extents.v[0].blob, &data, &err);
		free(data);
	}
	cr_image_free(&img);
	return ret;
}

static void flip_all(const char *name, size_t step)
{
	static const unsigned char patterns[] = { 0x01, 0x80, 0xff, 0x02, 0x10 };
	struct stat st;
	int fd = open_file(name, &st);
	unsigned char was, is;
	size_t at, i;

	for (at = 0; at < (size_t)st.st_size; at += step) {
		ck_assert_int_eq(pread(fd, &was, 1, at), 1);
		for (i = 0; i < sizeof(patterns); i++) {
			int ret;

			is = was ^ patterns[i];
			ck_assert_int_eq(pwrite(fd, &is, 1, at), 1);
			ret = try_all();
			ck_assert_msg(ret < 0, "%s: byte %zu ^ %#x was not noticed", name, at,
				      patterns[i]);
			unit_refused(ret, &err, CR_EXIT_DAMAGED, name);
		}
		ck_assert_int_eq(pwrite(fd, &was, 1, at), 1);
	}
	close(fd);
	ck_assert_msg(!try_all(), "%s", err.text);
}

START_TEST(flip_manifest)
{
	flip_all(CR_MANIFEST, 1);
}
END_TEST

START_TEST(flip_state)
{
	flip_all(CR_STATE, 1);
}
END_TEST

START_TEST(flip_pack)
{
	flip_all(CR_PACK, 13);
}
END_TEST

static const char *const names[] = { CR_MANIFEST, CR_STATE, CR_PACK };

START_TEST(truncated)
{
	char *content;
	struct stat st;
	int fd = open_file(names[_i], &st);
	off_t len, step = _i == 2 ? 101 : 1;

	content = malloc(st.st_size);
	ck_assert_int_eq(cr_read_at(fd, content, st.st_size, 0), 0);
	for (len = st.st_size - 1; len >= 0; len -= step) {
		ck_assert_int_eq(ftruncate(fd, len), 0);
		unit_refused(try_all(), &err, CR_EXIT_DAMAGED, names[_i]);
	}
	ck_assert_int_eq(cr_write_at(fd, content, st.st_size, 0), 0);
	ck_assert_int_eq(try_all(), 0);
	/* Longer than it was written. */
	ck_assert_int_eq(cr_write_at(fd, "", 1, st.st_size), 0);
	unit_refused(try_all(), &err, CR_EXIT_DAMAGED, names[_i]);
	free(content);
	close(fd);
}
END_TEST

START_TEST(missing)
{
	char at[CR_PATH_MAX + 16];

	snprintf(at, sizeof(at), "%s/%s", path, names[_i]);
	ck_assert_int_eq(unlink(at), 0);
	unit_refused(try_all(), &err, CR_EXIT_DAMAGED, names[_i]);
}
END_TEST

START_TEST(newer)
{
	struct cr_file_header h;
	struct stat st;
	int fd = open_file(names[_i], &st);

	ck_assert_int_eq(cr_read_at(fd, &h, sizeof(h), 0), 0);
	h.version = CR_FORMAT_VERSION + 1;
	ck_assert_int_eq(cr_write_at(fd, &h, sizeof(h), 0), 0);
	unit_refused(try_all(), &err, CR_EXIT_DAMAGED, names[_i]);
	h.version_inverted = ~h.version;
	ck_assert_int_eq(cr_write_at(fd, &h, sizeof(h), 0), 0);
	unit_refused(try_all(), &err, CR_EXIT_FORMAT, path);
	close(fd);
}
END_TEST

START_TEST(foreign)
{
	struct stat st;
	int fd = open_file(names[_i], &st);

	ck_assert_int_eq(cr_write_at(fd, "\177ELF\2\1\1", 8, 0), 0);
	unit_refused(try_all(), &err, CR_EXIT_DAMAGED, names[_i]);
	ck_assert_ptr_nonnull(strstr(err.text, "not a Cairn image"));
	close(fd);
}
END_TEST

/* Writes a manifest with good checksums. */
static void rewrite_manifest(const cairn_Manifest *m)
{
	unsigned char buf[sizeof(struct cr_manifest_header) + cairn_Manifest_size];
	struct cr_manifest_header *h = (void *)buf;
	pb_ostream_t out = pb_ostream_from_buffer(buf + sizeof(*h), cairn_Manifest_size);
	struct stat st;
	int fd = open_file(CR_MANIFEST, &st);

	ck_assert_int_eq(cr_read_at(fd, h, sizeof(*h), 0), 0);
	ck_assert(pb_encode(&out, cairn_Manifest_fields, m));
	h->length = out.bytes_written;
	h->hash = XXH3_64bits(h + 1, h->length);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(cr_write_at(fd, buf, sizeof(*h) + h->length, 0), 0);
	close(fd);
}

START_TEST(lying_manifest)
{
	cairn_Manifest m = s.manifest;

	m.uid = geteuid() + 1;
	rewrite_manifest(&m);
	unit_refused(try_all(), &err, CR_EXIT_PERMISSION, path);
	m = s.manifest;
	strcpy(m.files[0].name, CR_PACK);
	rewrite_manifest(&m);
	unit_refused(try_all(), &err, CR_EXIT_DAMAGED, CR_MANIFEST);
	m = s.manifest;
	m.files_count = 1;
	rewrite_manifest(&m);
	unit_refused(try_all(), &err, CR_EXIT_DAMAGED, CR_MANIFEST);
	m = s.manifest;
	m.files[0].size = UINT64_MAX;
	rewrite_manifest(&m);
	unit_refused(try_all(), &err, CR_EXIT_DAMAGED, CR_STATE);
	m = s.manifest;
	m.files[1].size = UINT64_MAX;
	rewrite_manifest(&m);
	unit_refused(try_all(), &err, CR_EXIT_DAMAGED, "");
	rewrite_manifest(&s.manifest);
	ck_assert_int_eq(try_all(), 0);
}
END_TEST

/* Records whose checksums are right and whose content cannot be. */
static void refuse_record(cairn_RecordType type, const void *msg)
{
	struct cr_image_writer w;
	cairn_Manifest m = s.manifest;

	cr_err_clear(&err);
	ck_assert_int_eq(cr_image_create(&w, unit_dir, 0, &err), 0);
	cr_image_record(&w, cairn_RecordType_RECORD_PROCESS, &s.process, &err);
	cr_image_record(&w, type, msg, &err);
	ck_assert_int_eq(cr_image_commit(&w, &m, &err), 0);
	snprintf(path, sizeof(path), "%s", w.path);
	cr_image_close(&w, true);
	unit_refused(cr_image_open(&img, path, &err), &err, CR_EXIT_DAMAGED, CR_STATE);
	cr_image_free(&img);
}

START_TEST(impossible_records)
{
	static const cairn_PageRun bad[] = {
		{ .addr = 0x1001, .pages = 1, .codec = cairn_Codec_CODEC_ZERO },
		{ .addr = 0x1000, .pages = 0, .codec = cairn_Codec_CODEC_ZERO },
		{ .addr = 0x1000, .pages = 1, .codec = 4 },
		{ .addr = 0x1000, .pages = 257, .codec = cairn_Codec_CODEC_LZ4 },
		{ .addr = -CR_PAGE, .pages = 2, .codec = cairn_Codec_CODEC_ZERO },
		{ .addr = 0x1000, .pages = 1, .stored = 100 },
		{ .addr = 0x1000, .pages = 1, .stored = CR_PAGE, .offset = 1ul << 40 },
		{ .addr = 0x1000, .pages = 1, .stored = CR_PAGE, .offset = -CR_PAGE },
	};
	cairn_PageRuns *runs = calloc(1, sizeof(*runs));
	cairn_Vma vma = s.vmas[0];
	cairn_FdEntry fds = s.fds;
	cairn_Thread thread = s.thread;
	size_t i;

	runs->pid = SAMPLE_PID;
	runs->runs_count = 1;
	for (i = 0; i < CR_ARRAY_SIZE(bad); i++) {
		runs->runs[0] = bad[i];
		refuse_record(cairn_RecordType_RECORD_RUNS, runs);
	}
	runs->shared = 7;
	refuse_record(cairn_RecordType_RECORD_RUNS, runs);
	vma.end = vma.start;
	refuse_record(cairn_RecordType_RECORD_VMA, &vma);
	vma.end = vma.start + 100;
	refuse_record(cairn_RecordType_RECORD_VMA, &vma);
	fds.fds_count = 1;
	refuse_record(cairn_RecordType_RECORD_FDS, &fds);
	thread.pid = 99;
	refuse_record(cairn_RecordType_RECORD_THREAD, &thread);
	free(runs);
}
END_TEST

/* A blob outside the pack, at any place. */
START_TEST(impossible_blobs)
{
	static const cairn_Blob bad[] = {
		{ 0, UINT64_MAX, 0 },	   { UINT64_MAX, 1, 0 }, { 1ul << 63, 1ul << 63, 0 },
		{ 1ul << 40, CR_PAGE, 0 }, { 0, 1ul << 40, 0 },	 { UINT64_MAX, UINT64_MAX, 0 },
	};
	void *data;
	size_t i;

	ck_assert_int_eq(cr_image_open(&img, path, &err), 0);
	for (i = 0; i < CR_ARRAY_SIZE(bad); i++) {
		cr_err_clear(&err);
		unit_refused(cr_image_read_blob(&img, &bad[i], &data, &err), &err, CR_EXIT_DAMAGED,
			     CR_PACK);
		ck_assert_ptr_null(data);
	}
	cr_image_free(&img);
}
END_TEST

/* A restart would begin, and take the shepherd for one of the job. */
START_TEST(impossible_jobs)
{
	ck_assert_msg(!cr_image_open(&img, path, &err), "%s", err.text);
	ck_assert_msg(!cr_restart_check(&img, true, &err), "%s", err.text);
	img.job.shepherd_pid = img.processes.v[0].process.pid;
	unit_refused(cr_restart_check(&img, true, &err), &err, CR_EXIT_DAMAGED,
		     "two processes or threads with the id");
	img.job.shepherd_pid = 1;
	img.job.name[0] = 0;
	cr_err_clear(&err);
	unit_refused(cr_restart_check(&img, true, &err), &err, CR_EXIT_DAMAGED, "name");
	cr_image_free(&img);
}
END_TEST

TCase *unit_damage(void)
{
	TCase *c = tcase_create("damage");

	tcase_add_checked_fixture(c, setup, unit_teardown);
	tcase_add_test(c, flip_manifest);
	tcase_add_test(c, flip_state);
	tcase_add_test(c, flip_pack);
	tcase_add_loop_test(c, truncated, 0, 3);
	tcase_add_loop_test(c, missing, 0, 3);
	tcase_add_loop_test(c, newer, 0, 2);
	tcase_add_loop_test(c, foreign, 0, 2);
	tcase_add_test(c, lying_manifest);
	tcase_add_test(c, impossible_records);
	tcase_add_test(c, impossible_blobs);
	tcase_add_test(c, impossible_jobs);
	return c;
}
