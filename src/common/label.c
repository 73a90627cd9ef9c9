// SPDX-License-Identifier: Apache-2.0
//
// Labels as they are given on command lines. Runs in tools, shepherds and crnode.
#include "common/label.h"

#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "common/err.h"

int cr_label_parse(const char *text, cairn_Label *out, struct cr_err *err)
{
	const char *is = strchr(text, '=');

	if (!is || is == text)
		return cr_fail(err, CR_EXIT_USAGE, 0, "--label %s: give KEY=VALUE", text);
	if ((size_t)(is - text) >= sizeof(out->key) || strlen(is + 1) >= sizeof(out->value))
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "--label %s: at most %zu bytes of key and %zu of value", text,
			       sizeof(out->key) - 1, sizeof(out->value) - 1);
	snprintf(out->key, sizeof(out->key), "%.*s", (int)(is - text), text);
	snprintf(out->value, sizeof(out->value), "%s", is + 1);
	return 0;
}

int cr_label_add(cairn_Policy *p, const char *text, struct cr_err *err)
{
	int ret;

	if (p->labels_count == CR_ARRAY_SIZE(p->labels))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--label %s: at most %zu labels", text,
			       CR_ARRAY_SIZE(p->labels));
	ret = cr_label_parse(text, &p->labels[p->labels_count], err);
	if (!ret)
		p->labels_count++;
	return ret;
}
