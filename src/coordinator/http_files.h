// SPDX-License-Identifier: Apache-2.0
//
// Files that the coordinator has in itself; see http_files.c.
#pragma once

#include <stdbool.h>

struct co_answer;
struct co_call;

void co_http_openapi(struct co_call *k);

/* That of this path, into the answer; false: there is none. Anybody may have it. */
bool co_http_file(const char *path, struct co_answer *a);
