// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues.
#pragma once

#include <stdbool.h>

int agent_send_mqueues(void);
/* Whether mq_notify() has been called. */
bool agent_notified(void);
