// SPDX-License-Identifier: Apache-2.0
//
// The table of the real functions behind the wrappers, made from wrappers.def.
#pragma once

#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Without what libc's header says of the parameters: wrappers look at them all. */
#define CR_WRAPPER __attribute__((visibility("default")))

struct cr_real {
#define WRAP(result, name, parameters, why) result(*name) parameters;
#include "preload/wrappers.def"
#undef WRAP
	__typeof__(clone) *clone;
};

extern struct cr_real cr_real __attribute__((visibility("hidden")));

/* Looks all of them up; at load time, since dlsym may lock and allocate. */
void cr_wrappers_resolve(void);

/* Blocks the agent's signal in this thread, tells whether it was blocked before. */
int cr_signal_block(void);
void cr_signal_restore(int was_blocked);
