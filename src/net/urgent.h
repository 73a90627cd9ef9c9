// SPDX-License-Identifier: Apache-2.0
//
// A thread for what must be in time whatever else the daemon does: heartbeats.
#pragma once

#include <event2/event.h>
#include <pthread.h>

/*
 * Starts it, without signals, and before other work if the system lets us (as root, or with Nice in
 * the daemon's unit). 0 or -errno. To be joined.
 */
int cr_urgent_start(pthread_t *t, void *(*run)(void *arg), void *arg);
/* To be called in it first. */
void cr_urgent_begin(void);
/* A loop whose timers wake it once; a plain one's wake it a little early, and then again. */
struct event_base *cr_urgent_base(void);
