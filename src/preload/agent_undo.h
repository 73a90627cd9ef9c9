// SPDX-License-Identifier: Apache-2.0
//
// What the end of this process would undo of SysV semaphores (SEM_UNDO).
#pragma once

/* Tells of the sets of a Probe. */
int agent_probe_undo(void);
