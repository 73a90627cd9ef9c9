// SPDX-License-Identifier: Apache-2.0
//
// crimage files: what a node must have to restart a checkpoint, and what comes with it.
#pragma once

struct cr_inspect;

int cr_inspect_files(struct cr_inspect *in);
