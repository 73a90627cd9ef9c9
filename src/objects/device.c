// SPDX-License-Identifier: Apache-2.0
//
// The devices that have no state: /dev/null, zero, full, random, urandom.
#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "objects/object.h"

static const unsigned char minors[] = { 3, 5, 7, 8, 9 };

static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(minors); i++)
		if (S_ISCHR(v->st.st_mode) && v->st.st_rdev == makedev(1, minors[i]))
			return true;
	return false;
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 0;
}

static int restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	return cr_reopen(d->path, d, err);
}

const struct cr_object cr_object_device = {
	.kind = cairn_ObjectKind_OBJECT_DEVICE,
	.name = "device without state",
	.match = match,
	.save = save,
	.restore = restore,
};
