// SPDX-License-Identifier: Apache-2.0
//
// All kinds of objects: those of kinds.def.
#include "objects/kinds.h"

#include "objects/core/object.h"

#define SHARED KIND
#define KIND(name) extern const struct cr_object cr_object_##name;
#include "objects/shape/kinds.def"
#undef KIND
#define KIND(name) &cr_object_##name,

const struct cr_object *const cr_kinds[] = {
#include "objects/shape/kinds.def"
	NULL,
};
