// SPDX-License-Identifier: Apache-2.0
//
// The paths of inotify watches.
#pragma once

/* Tells the paths that were watched. */
int agent_send_watched(void);
