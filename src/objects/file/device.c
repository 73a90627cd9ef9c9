// SPDX-License-Identifier: Apache-2.0
//
// The devices that have no state: /dev/null, zero, full, random, urandom, by whatever name.
#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "objects/core/reach.h"
#include "objects/core/reopen.h"
#include "objects/shape/shape.h"

static const struct {
	unsigned char minor;
	const char *path;
} devices[] = {
	{ 3, "/dev/null" },   { 5, "/dev/zero" },    { 7, "/dev/full" },
	{ 8, "/dev/random" }, { 9, "/dev/urandom" },
};

static bool device_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(devices); i++)
		if (S_ISCHR(v->st.st_mode) && v->st.st_rdev == makedev(1, devices[i].minor))
			return true;
	return false;
}

static int device_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		       struct cr_err *err)
{
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 0;
}

static int device_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	const char *path = d->path;
	struct stat st;
	size_t i;

	/* A node of one's own, as in another root directory, may be gone; the device is not. */
	if (cr_reach_stat(path, &st) || !S_ISCHR(st.st_mode) || st.st_rdev != d->rdev)
		for (i = 0; i < CR_ARRAY_SIZE(devices); i++)
			if (d->rdev == makedev(1, devices[i].minor))
				path = devices[i].path;
	return cr_reopen(r, -1, path, d, err);
}

const struct cr_object cr_object_device = {
	.shape = &cr_shape_device,
	.match = device_match,
	.save = device_save,
	.restore = device_restore,
};
