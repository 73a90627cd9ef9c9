// SPDX-License-Identifier: Apache-2.0
//
// What only a plugin knows.
#include "objects/shape/shape.h"

const struct cr_shape cr_shape_plugin = {
	.kind = cairn_ObjectKind_OBJECT_PLUGIN,
	.name = "object of a plugin",
	.word = "unknown",
};
