// SPDX-License-Identifier: Apache-2.0
//
// The writer: a copy-on-write copy of the process that stores its memory into the pack while
// the job goes on.
#pragma once

/* *sock is the shepherd's end of the writer's connection. */
int agent_fork_writer(int *sock);
