// SPDX-License-Identifier: Apache-2.0
//
// Key files and addresses: what is taken, and what is said of what is not.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"
#include "net.h"
#include "net/address.h"
#include "net/trust.h"

static char path[128];

static void expect(const char *content, mode_t mode, int status, const char *words)
{
	struct cr_trust_files files = { .key = path };
	struct cr_err err = { 0 };
	struct cr_trust *t;
	int fd;

	unlink(path);
	fd = creat(path, 0600);

	ck_assert(!cr_write_all(fd, content, strlen(content)));
	ck_assert(!fchmod(fd, mode));
	close(fd);
	if (!words) {
		ck_assert_msg(!cr_trust_load(&files, &t, &err), "%s", err.text);
		cr_trust_free(t);
		return;
	}
	unit_refused(cr_trust_load(&files, &t, &err), &err, status, words);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	ck_assert_ptr_null(t);
}

#define DIGITS "00112233445566778899aabbccddeeFF00112233445566778899aabbccddeeff"

START_TEST(test_key_file)
{
	struct cr_trust_files files = { .key = path };
	struct cr_err err = { 0 };
	struct cr_trust *t;
	struct stat st;

	snprintf(path, sizeof(path), "%s/key", unit_dir);
	unit_refused(cr_trust_load(&files, &t, &err), &err, CR_EXIT_TRUST, "No such file");
	cr_err_clear(&err);
	ck_assert(!cr_trust_make_key(path, &err));
	ck_assert(!stat(path, &st));
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, 65);
	unit_refused(cr_trust_make_key(path, &err), &err, CR_EXIT_EXISTS, "kept");
	expect(DIGITS "\n", 0600, 0, NULL);
	expect(DIGITS, 0400, 0, NULL);
	/* Root's may be for one group; a user's own need not be. */
	if (geteuid())
		expect(DIGITS, 0640, CR_EXIT_TRUST, "0640 and root's");
	else
		expect(DIGITS, 0640, 0, NULL);
	expect(DIGITS, 0604, CR_EXIT_TRUST, "may be used by others");
	expect(DIGITS, 0644, CR_EXIT_TRUST, "may be used by others");
	expect(DIGITS, 0660, CR_EXIT_TRUST, "may be used by others");
	expect(DIGITS, 0620, CR_EXIT_TRUST, "may be used by others");
	expect(DIGITS, 0650, CR_EXIT_TRUST, "may be used by others");
	expect(DIGITS "0", 0600, CR_EXIT_TRUST, "is not a key");
	expect(DIGITS "\n\n", 0600, CR_EXIT_TRUST, "is not a key");
	expect("x" DIGITS, 0600, CR_EXIT_TRUST, "is not a key");
	expect(&DIGITS[1], 0600, CR_EXIT_TRUST, "is not a key");
	expect("", 0600, CR_EXIT_TRUST, "is not a key");
	unlink(path);
	ck_assert(!mkdir(path, 0700));
	cr_err_clear(&err);
	unit_refused(cr_trust_load(&files, &t, &err), &err, CR_EXIT_TRUST, "is not a file");
	cr_err_clear(&err);
	files.key = NULL;
	unit_refused(cr_trust_load(&files, &t, &err), &err, CR_EXIT_USAGE, "either");
	cr_err_clear(&err);
	files.cert = path;
	unit_refused(cr_trust_load(&files, &t, &err), &err, CR_EXIT_USAGE, "three files");
}
END_TEST

START_TEST(test_addresses)
{
	static const struct {
		const char *text, *becomes;
	} good[] = {
		{ "127.0.0.1:80", "127.0.0.1:80" },
		{ "127.0.0.1", "127.0.0.1:7117" },
		{ ":81", "0.0.0.0:81" },
		{ "[::1]:82", "[::1]:82" },
		{ "[::1]", "[::1]:7117" },
		{ "::1", "[::1]:7117" },
		{ "127.0.0.1:0", "127.0.0.1:0" },
	};
	static const char *const bad[] = {
		"",	":",	"127.0.0.1:", "127.0.0.1:65536",       "a:b", "127.0.0.1:-1",
		"[::1", "[]:1", "[::1]x",     "no.such.host.invalid:1"
	};
	char text[CR_ADDRESS_TEXT];
	struct sockaddr_storage at;
	struct cr_err err = { 0 };
	socklen_t len;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(good); i++) {
		ck_assert_msg(!cr_address_parse(good[i].text, &at, &len, &err), "%s", err.text);
		ck_assert_str_eq(cr_address_text((struct sockaddr *)&at, text), good[i].becomes);
	}
	for (i = 0; i < CR_ARRAY_SIZE(bad); i++) {
		unit_refused(cr_address_parse(bad[i], &at, &len, &err), &err, CR_EXIT_USAGE,
			     bad[i]);
		cr_err_clear(&err);
	}
}
END_TEST

TCase *unit_net_trust(void)
{
	TCase *t = tcase_create("net-trust");

	tcase_add_checked_fixture(t, unit_setup, unit_teardown);
	tcase_add_test(t, test_key_file);
	tcase_add_test(t, test_addresses);
	return t;
}
