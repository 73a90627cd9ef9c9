// SPDX-License-Identifier: Apache-2.0
//
// The table of the real functions behind the wrappers, made from wrappers.def.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/* Without what libc's header says of the parameters: wrappers look at them all. */
#define CR_WRAPPER __attribute__((visibility("default")))

struct cr_real {
#define OWN(result, name, parameters, why)
#define WRAP(result, name, parameters, why) result(*name) parameters;
#define CALL(result, name, parameters) result(*name) parameters;
#include "preload/wrappers.def"
#undef CALL
#undef WRAP
#undef OWN
	__typeof__(clone) *clone;
};

extern struct cr_real cr_real __attribute__((visibility("hidden")));

/* Looks all of them up; at load time, since dlsym may lock and allocate. */
void cr_wrappers_look_up(void);

static inline void cr_wrappers_resolve(void)
{
	if (__builtin_expect(!cr_real.clone, 0))
		cr_wrappers_look_up();
}

/* A real function, also for a wrapper that is called before our constructor. */
#define CR_REAL(name)                                   \
	({                                              \
		if (__builtin_expect(!cr_real.name, 0)) \
			cr_wrappers_look_up();          \
		cr_real.name;                           \
	})

/* Blocks the agent's signal in this thread, tells whether it was blocked before. */
int cr_signal_block(void);
void cr_signal_restore(int was_blocked);
