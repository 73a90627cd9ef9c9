// SPDX-License-Identifier: Apache-2.0
//
// Rules for files. A pattern with a slash is compared with the whole path, one without with its
// last part; `*` stands for slashes too. Hosted code of the shepherd; only memory is touched.
#include "objects/core/policy.h"

#include <fnmatch.h>
#include <string.h>

#include "common/defs.h"

static const struct {
	const char *name;
	cairn_FilePolicy policy;
} names[] = {
	{ "keep", cairn_FilePolicy_FILE_KEEP },
	{ "truncate", cairn_FilePolicy_FILE_TRUNCATE },
	{ "restore", cairn_FilePolicy_FILE_RESTORE },
};

static bool policy_named(const char *name, cairn_FilePolicy *policy)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].name, name)) {
			*policy = names[i].policy;
			return true;
		}
	return false;
}

int cr_file_rules_join(struct cr_file_rules *rules, const char *more, size_t len,
		       struct cr_err *err)
{
	if (len > sizeof(rules->text) - rules->len)
		return cr_fail(err, CR_EXIT_USAGE, 0, "too many rules for files (--file)");
	memcpy(rules->text + rules->len, more, len);
	rules->len += len;
	return 0;
}

int cr_file_rule_add(struct cr_file_rules *rules, const char *rule, struct cr_err *err)
{
	const char *what = strrchr(rule, '=');
	cairn_FilePolicy policy;

	if (!what || what == rule || !policy_named(what + 1, &policy))
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "--file %s: give PATTERN=keep, PATTERN=truncate or PATTERN=restore",
			       rule);
	return cr_file_rules_join(rules, rule, strlen(rule) + 1, err);
}

bool cr_file_rule(const struct cr_file_rules *rules, const char *path, cairn_FilePolicy *policy)
{
	const char *leaf = strrchr(path, '/');
	char pattern[CR_PATH_MAX];
	bool found = false;
	size_t at, n;

	for (at = 0; rules && at < rules->len; at += n + 1) {
		const char *rule = rules->text + at, *what;

		n = strnlen(rule, rules->len - at);
		what = memrchr(rule, '=', n);
		if (at + n == rules->len)
			break;
		if (!what || (size_t)(what - rule) >= sizeof(pattern))
			continue;
		memcpy(pattern, rule, what - rule);
		pattern[what - rule] = 0;
		if (!fnmatch(pattern, leaf && !strchr(pattern, '/') ? leaf + 1 : path, 0) &&
		    policy_named(what + 1, policy))
			found = true;
	}
	return found;
}

const char *const cr_companions[] = { "-journal", "-wal", "-shm", NULL };
