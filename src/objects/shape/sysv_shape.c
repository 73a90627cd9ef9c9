// SPDX-License-Identifier: Apache-2.0
//
// SysV IPC, which no descriptor leads to.
#include "objects/shape/shape.h"

const struct cr_shape cr_shape_sysv = {
	.kind = cairn_ObjectKind_OBJECT_SYSV,
	.name = "SysV IPC",
	.word = "sysv",
};
