// SPDX-License-Identifier: Apache-2.0
//
// The first thing that a restored thread does.
#pragma once

/* Where it is entered, by the restorer. */
void cr_agent_resume(void);
