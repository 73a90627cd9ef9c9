// SPDX-License-Identifier: Apache-2.0
//
// inotify, during a save: what an instance watches.
#pragma once

#include "objects/core/object.h"

/* A watch during a save, and the inode that it is for; path is filled in when it is found. */
struct cr_watch {
	cairn_InotifyWatch m;
	uint64_t dev, inode;
	pid_t pid;
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle; /* no bytes if the kernel shows none */
};
