// SPDX-License-Identifier: Apache-2.0
//
// A checkpoint on disk: writing one and committing it, opening one and checking it. Layout and
// framing are in doc/IMAGE.md, the messages in proto/image.proto. Hosted code.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"
#include "image.pb.h"

#define CR_MANIFEST "manifest"
#define CR_STATE "state.img"
#define CR_PACK "pages.pack"

/* ---- reading ---- */

struct cr_process_image {
	cairn_Process process;
	cairn_ProcessCore core;
	CR_LIST(cairn_Thread) threads;
	CR_LIST(cairn_PendingSignal) pending;
	CR_LIST(cairn_PosixTimer) timers;
	CR_LIST(cairn_Vma) vmas;
	CR_LIST(cairn_PageRun) runs;
	CR_LIST(cairn_FdEntry) fds;
	CR_LIST(cairn_SemaphoreUndo) undos;
	CR_LIST(cairn_Attributes) attributes;
};

struct cr_shared_image {
	cairn_SharedMemory memory;
	CR_LIST(cairn_PageRun) runs;
};

struct cr_image {
	int pack;
	char path[CR_PATH_MAX];
	cairn_Manifest manifest;
	cairn_Job job;
	cairn_End end;
	CR_LIST(struct cr_process_image) processes;
	size_t latest; /* of them, that was looked for */
	CR_LIST(struct cr_shared_image) shared;
	CR_LIST(cairn_Description) descriptions;
	CR_LIST(cairn_Inode) inodes;
	CR_LIST(cairn_Pipe) pipes;
	CR_LIST(cairn_Lock) locks;
	CR_LIST(cairn_UnixSocket) unix_sockets;
	CR_LIST(cairn_UnixMessage) unix_messages;
	CR_LIST(cairn_EpollWatch) epoll_watches;
	CR_LIST(cairn_InotifyWatch) inotify_watches;
	CR_LIST(cairn_InotifyQueue) inotify_queues;
	CR_LIST(cairn_UffdRange) uffd_ranges;
	CR_LIST(cairn_SemaphoreSet) semaphores;
	CR_LIST(cairn_MessageQueue) messages;
	CR_LIST(cairn_Mqueue) mqueues;
	CR_LIST(cairn_IpcSetting) ipc_settings;
	CR_LIST(cairn_InetSocket) inet_sockets;
	CR_LIST(cairn_Datagram) datagrams;
	CR_LIST(cairn_Multicast) multicasts;
	CR_LIST(cairn_Extent) extents;
	CR_LIST(cairn_Xattr) xattrs;
	CR_LIST(cairn_Pty) ptys;
	CR_LIST(cairn_ArchiveFile) archive_files;
	CR_LIST(cairn_ArchivePiece) archive_pieces;
	CR_LIST(cairn_Plugin) plugins;
	CR_LIST(cairn_Container) containers; /* one, if the backend is a container runtime */
	CR_LIST(cairn_Blob) blobs; /* that any record names */
	void *shared_memory; /* where cr_image_share() has put all lists */
	size_t shared_len;
};
