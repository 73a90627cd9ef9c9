// SPDX-License-Identifier: Apache-2.0
//
// The processes of a member, seen from outside.
#pragma once

#include "node/node.h"

void cr_tree_look(struct cr_node_member *m);
/* Kills them all; how many there were to kill. */
size_t cr_tree_kill(struct cr_node_member *m);
uint64_t cr_pid_start(pid_t pid);
