// SPDX-License-Identifier: Apache-2.0
//
// libc writes a thread's id into the locks that it holds, and compares.
#pragma once

#include <stdint.h>
#include <ucontext.h>

/* The words of locks that a restored thread holds or waits for. */
void agent_note_libraries(void); /* at load time */
void agent_mend_libraries(void); /* before any thread goes on */
void agent_mend_locks(const ucontext_t *uc, uint64_t robust_list);
