// SPDX-License-Identifier: Apache-2.0
//
// crimage verify: whether every byte of a checkpoint is what was written.
#pragma once

struct cr_inspect;

int cr_inspect_verify(struct cr_inspect *in);
