// SPDX-License-Identifier: Apache-2.0
//
// Folders in a checkpoint: in, out again; and images that try to get out of the folder.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/archive.h"
#include "common/err.h"
#include "common/image_read.h"
#include "common/image_write.h"
#include "unit.h"

#define BIG (9ul << 20)

static struct cr_image_writer writer;
static struct cr_image img;
static struct cr_err err;
static int from, to;

static int folder(const char *name)
{
	char at[CR_PATH_MAX];
	int fd;

	snprintf(at, sizeof(at), "%s/%s", unit_dir, name);
	ck_assert(!mkdir(at, 0700));
	fd = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void begin(void)
{
	unit_setup();
	from = folder("from");
	to = folder("to");
	memset(&err, 0, sizeof(err));
	ck_assert_msg(!cr_image_create(&writer, unit_dir, 1, &err), "%s", err.text);
}

static void end(void)
{
	cr_image_free(&img);
	close(from);
	close(to);
	unit_teardown();
}

static void commit(void)
{
	cairn_Job job = { .backend = "criu" };
	cairn_Manifest manifest = { .uid = geteuid() };
	char path[CR_PATH_MAX];

	ck_assert(!cr_image_record(&writer, cairn_RecordType_RECORD_JOB, &job, &err));
	ck_assert_msg(!cr_image_commit(&writer, &manifest, &err), "%s", err.text);
	cr_image_close(&writer, true);
	snprintf(path, sizeof(path), "%s/000001", unit_dir);
	ck_assert_msg(!cr_image_open(&img, path, &err), "%s", err.text);
}

static void put(const char *name, const char *text, off_t at)
{
	int fd = openat(from, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

	ck_assert(!cr_write_at(fd, text, strlen(text), at));
	close(fd);
}

static void has(const char *name, const char *text, off_t at)
{
	int fd = openat(to, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char buf[32];

	ck_assert_msg(fd >= 0, "%s", name);
	ck_assert(!cr_read_at(fd, buf, strlen(text), at));
	ck_assert_mem_eq(buf, text, strlen(text));
	close(fd);
}

START_TEST(in_and_out)
{
	struct stat a, b;
	char target[16] = "";

	put("one", "first", 0);
	put("one", "last", BIG);
	put("empty", "", 0);
	ck_assert(!mkdirat(from, "sub", 0700) && !mkdirat(from, "sub/below", 0700));
	put("sub/below/two", "second", 0);
	ck_assert(!symlinkat("one", from, "link"));
	ck_assert_msg(!cr_archive_add(&writer, from, &err), "%s", err.text);
	commit();
	/* The hole is not stored. */
	ck_assert_uint_lt(img.manifest.files[1].size, BIG);
	ck_assert_msg(!cr_archive_extract(&img, to, &err), "%s", err.text);
	has("one", "first", 0);
	has("one", "last", BIG);
	has("sub/below/two", "second", 0);
	ck_assert_int_eq(readlinkat(to, "link", target, sizeof(target) - 1), 3);
	ck_assert_str_eq(target, "one");
	ck_assert(!fstatat(from, "one", &a, 0) && !fstatat(to, "one", &b, 0));
	ck_assert_int_eq(a.st_size, b.st_size);
	ck_assert_int_eq(a.st_mode & 0777, b.st_mode & 0777);
	ck_assert(!fstatat(to, "empty", &b, 0) && !b.st_size);
}
END_TEST

static const struct hostile {
	cairn_ArchiveFile file;
	cairn_ArchivePiece piece;
	const char *words;
} hostiles[] = {
	{ { 1, "../out", S_IFREG | 0600, 4, "" }, { 1, 0, true, { 0 } }, "name" },
	{ { 1, "/tmp/out", S_IFREG | 0600, 4, "" }, { 1, 0, true, { 0 } }, "name" },
	{ { 1, "a/../../out", S_IFREG | 0600, 4, "" }, { 1, 0, true, { 0 } }, "name" },
	{ { 1, "", S_IFREG | 0600, 4, "" }, { 1, 0, true, { 0 } }, "name" },
	{ { 7, "out", S_IFREG | 0600, 4, "" }, { 1, 0, true, { 0 } }, "name" },
	{ { 1, "out", S_IFIFO | 0600, 4, "" }, { 1, 0, true, { 0 } }, "kind" },
	{ { 1, "out", S_IFLNK | 0777, 4, "/etc" }, { 1, 0, true, { 0 } }, "place" },
	{ { 1, "out", S_IFREG | 0600, 3, "" }, { 1, 0, true, { 0 } }, "place" },
	{ { 1, "out", S_IFREG | 0600, 4, "" }, { 1, -1ull, true, { 0 } }, "place" },
	{ { 1, "out", S_IFREG | 0600, 4, "" }, { 2, 0, true, { 0 } }, "number" },
	{ { 1, "out", S_IFREG | 0600, 4, "" }, { 0, 0, true, { 0 } }, "number" },
};

START_TEST(refused)
{
	const struct hostile *h = &hostiles[_i];
	cairn_ArchivePiece piece = h->piece;
	struct stat st;
	int ret;

	ck_assert(!cr_image_blob(&writer, "text", 4, &piece.blob, &err));
	ck_assert(!cr_image_record(&writer, cairn_RecordType_RECORD_ARCHIVE_FILE, &h->file, &err));
	ck_assert(!cr_image_record(&writer, cairn_RecordType_RECORD_ARCHIVE_PIECE, &piece, &err));
	commit();
	ret = cr_archive_extract(&img, to, &err);
	unit_refused(ret, &err, CR_EXIT_DAMAGED, h->words);
	ck_assert(fstatat(to, "../out", &st, 0));
}
END_TEST

TCase *unit_archive(void)
{
	TCase *t = tcase_create("archive");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, in_and_out);
	tcase_add_loop_test(t, refused, 0, CR_ARRAY_SIZE(hostiles));
	return t;
}
