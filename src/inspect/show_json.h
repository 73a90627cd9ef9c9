// SPDX-License-Identifier: Apache-2.0
//
// crimage show --json: all of a checkpoint but its contents.
#pragma once

struct cr_model;

void cr_show_json(const struct cr_model *m);
