// SPDX-License-Identifier: Apache-2.0
//
// crimage backtrace: where each thread stood at the checkpoint.
#pragma once

struct cr_inspect;

int cr_inspect_backtrace(struct cr_inspect *in);
