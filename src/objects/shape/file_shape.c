// SPDX-License-Identifier: Apache-2.0
//
// What has a place in the file system, in words.
#include "objects/shape/file_shape.h"

#include "objects/shape/model.h"
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

const char *cr_policy_name(cairn_FilePolicy policy)
{
	static const char *const names[] = {
		[cairn_FilePolicy_FILE_SAME] = "same",
		[cairn_FilePolicy_FILE_RESTORE] = "restore",
		[cairn_FilePolicy_FILE_TRUNCATE] = "truncate",
		[cairn_FilePolicy_FILE_KEEP] = "keep",
		[cairn_FilePolicy_FILE_DELETED] = "deleted",
	};

	return policy < CR_ARRAY_SIZE(names) ? names[policy] : "?";
}

static void describe_file(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const cairn_Inode *i = cr_model_inode(m, d->object);

	cr_append(out, CR_DESCRIBE_MAX, "%s%s", d->path, d->deleted ? " (deleted)" : "");
	if (!i)
		return;
	cr_append(out, CR_DESCRIBE_MAX, ", at %llu of %llu, %s%s", (unsigned long long)d->offset,
		  (unsigned long long)i->size, cr_policy_name(i->policy),
		  i->stored ? " (stored)" : "");
}

static void describe_path(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "%s%s", d->path, d->deleted ? " (deleted)" : "");
}

static void describe_stdio(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "descriptor %u of crlaunch or crrestart%s%s", d->slot,
		  d->path[0] ? ": " : "", d->path);
}

const struct cr_shape cr_shape_regular = {
	.kind = cairn_ObjectKind_OBJECT_REGULAR,
	.name = "regular file",
	.word = "file",
	.file = S_IFREG,
	.numbers = 1,
	.lockable = true,
	.describe = describe_file,
};

const struct cr_shape cr_shape_directory = {
	.kind = cairn_ObjectKind_OBJECT_DIRECTORY,
	.name = "directory",
	.word = "directory",
	.need = "exists",
	.file = S_IFDIR,
	.numbers = 1,
	.lockable = true,
	.describe = describe_path,
};

const struct cr_shape cr_shape_path = {
	.kind = cairn_ObjectKind_OBJECT_PATH,
	.name = "O_PATH",
	.word = "path",
	.need = "exists",
	.numbers = 1,
	.describe = describe_path,
};

const struct cr_shape cr_shape_device = {
	.kind = cairn_ObjectKind_OBJECT_DEVICE,
	.name = "device without state",
	.word = "device",
	.need = "exists",
	.file = S_IFCHR,
	.numbers = 1,
	.lockable = true,
	.describe = describe_path,
};

const struct cr_shape cr_shape_tty = {
	.kind = cairn_ObjectKind_OBJECT_TTY,
	.name = "the terminal",
	.word = "terminal",
	.need = "exists",
	.describe = describe_path,
};

const struct cr_shape cr_shape_stdio = {
	.kind = cairn_ObjectKind_OBJECT_STDIO,
	.name = "standard input and output",
	.word = "outside",
	.numbers = 1,
	.describe = describe_stdio,
};

const struct cr_shape cr_shape_namespace = {
	.kind = cairn_ObjectKind_OBJECT_NAMESPACE,
	.name = "namespace",
	.word = "namespace",
	.describe = describe_path,
};
