// SPDX-License-Identifier: Apache-2.0
//
// What the user said is to become of files, as one string with zeros between rules, as it stands in
// the image.
#pragma once

#include <stddef.h>

#include "image.pb.h"

struct cr_file_rules {
	char text[sizeof(((cairn_Job *)0)->file_rules.bytes)];
	size_t len;
};
