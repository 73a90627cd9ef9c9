// SPDX-License-Identifier: Apache-2.0
//
// New values in the environment of a restored process (common/environment.h).
#pragma once

struct cr_environment;

/* A variable's value, or NULL; what a restart changes there. */
const char *agent_variable(const char *name);
void agent_change_environment(const struct cr_environment *changes);
