// SPDX-License-Identifier: Apache-2.0
//
// What a restart changes in the environment of a job's processes: behind the tables of ids and
// addresses in the memory that all of them share until they run (src/restart), applied by the agent
// of each (src/preload). Plugins say it (set_environment).
#pragma once

#include <stdint.h>

#define CR_ENVIRONMENT_ROOM (60u << 10)

struct cr_environment {
	uint32_t len; /* of text */
	/*
	 * One behind the other: the id of a process as the job knows it, 0 for all, 4 bytes; then
	 * KEY=VALUE, or KEY to remove it, or PREFIX* to remove all that begin so, with a zero byte
	 * behind it. The last one about a variable counts.
	 */
	char text[CR_ENVIRONMENT_ROOM];
};
