// SPDX-License-Identifier: Apache-2.0
//
// crimage extract: contents of a checkpoint as files: a range of memory.
#pragma once

struct cr_inspect;

int cr_inspect_extract(struct cr_inspect *in);
