// SPDX-License-Identifier: Apache-2.0
//
// userfaultfd, in words.
#include "objects/shape/shape.h"

const struct cr_shape cr_shape_userfaultfd = {
	.kind = cairn_ObjectKind_OBJECT_USERFAULTFD,
	.name = "userfaultfd",
	.word = "userfaultfd",
	.one = "a userfaultfd",
	.link = "anon_inode:[userfaultfd]",
};
