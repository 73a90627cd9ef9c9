// SPDX-License-Identifier: Apache-2.0
//
// The events that wait in an inotify instance.
#pragma once

#include "objects/core/object.h"

/* Reads all events of an instance; malloced, and their size. */
int cr_inotify_take(int fd, char **events, size_t *size);
/* An instance that has no watches, and into which events are put, to be read like any others. */
struct cr_inotify_queue {
	int fd, dir, spare, file[2];
	int flags; /* F_GETFL */
	int next_wd; /* what the next watch would have been called */
	size_t junk, above; /* at its head, of our own; more than fits */
	unsigned int serial;
	bool overflow; /* the job shall hear that events were lost */
	char path[CR_PATH_MAX];
};

/* Tried with another instance, before anything is read. */
int cr_inotify_possible(int fd);
int cr_inotify_begin(struct cr_inotify_queue *q, int fd, struct cr_err *err);
int cr_inotify_put(struct cr_inotify_queue *q, const char *events, size_t size);
/* Also after a failure. */
void cr_inotify_end(struct cr_inotify_queue *q);
/* Adds a watch under a number; path may be one of /proc/self/fd. */
int cr_inotify_add(int fd, const char *path, uint32_t mask, int wd);
/* The number that the next watch shall have. */
int cr_inotify_next(int fd, int wd);
