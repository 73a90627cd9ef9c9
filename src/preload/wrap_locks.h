// SPDX-License-Identifier: Apache-2.0
//
// libc's locks know their owner by the thread's id and compare it.
#pragma once

#include <pthread.h>

void agent_mend_mutex(pthread_mutex_t *m);
