// SPDX-License-Identifier: Apache-2.0
//
// Namespaces of a process: refuses those that cannot be saved.
#pragma once

struct cr_err;
struct cr_process;

int cr_namespaces_look(struct cr_process *m, struct cr_err *err);
