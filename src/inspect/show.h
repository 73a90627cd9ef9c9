// SPDX-License-Identifier: Apache-2.0
//
// crimage show, in its parts.
#pragma once

struct cr_inspect;

int cr_inspect_show(struct cr_inspect *in);
