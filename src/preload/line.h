// SPDX-License-Identifier: Apache-2.0
//
// The line to the shepherd: how the agent connects, and how a message goes out.
#pragma once

/* To the shepherd's socket, or the one whose name has that suffix. */
int agent_connect(const char *suffix);
/* Makes cr_agent.sock, if there is none yet. */
int agent_call_shepherd(void);
/* cr_agent.out, with these descriptors. */
int agent_send(const int *fds, int nfds);
