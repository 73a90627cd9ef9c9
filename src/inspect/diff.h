// SPDX-License-Identifier: Apache-2.0
//
// crimage diff: what has changed from one checkpoint to another.
#pragma once

struct cr_inspect;

int cr_inspect_diff(struct cr_inspect *in);
