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

/* ---- writing ---- */

struct cr_image_writer {
	int parent; /* directory of the job's checkpoints */
	int dir; /* the one being written, still under its temporary name */
	int state; /* fd of state.img */
	int pack; /* fd of pages.pack */
	int counter_fd; /* memfd of *counter, for the agents' writers */
	uint32_t number;
	uint32_t records;
	char path[CR_PATH_MAX]; /* final path */
	char temporary[32]; /* name within parent */
	_Atomic uint64_t *counter; /* next free byte of the pack */
	unsigned char *buffer; /* records not yet written */
	size_t used;
	char *blobs; /* small ones not yet written */
	uint64_t blobs_at; /* their place in the pack */
	size_t blobs_used;
	uint64_t state_size;
	void *hash; /* XXH3 state over state.img */
	const struct cr_ids *ids; /* the job's, which records hold; NULL: they are the kernel's */
};

/*
 * Removes all checkpoints in a job's folder, and the folder if nothing else is in it. Not while a
 * job writes there: CR_EXIT_EXISTS.
 */
int cr_image_forget(const char *path, struct cr_err *err);

/*
 * Makes PARENT/.NNNNNN.tmp with empty files; NNNNNN is number, or if that is 0 one more than any
 * there.
 */
int cr_image_create(struct cr_image_writer *w, const char *parent, unsigned int number,
		    struct cr_err *err);

int cr_image_record(struct cr_image_writer *w, cairn_RecordType type, const void *msg,
		    struct cr_err *err);

/* Whether such a message begins with the id of the process that it is of. */
bool cr_image_of_process(cairn_RecordType type);

/* Size of a record's message in memory. */
size_t cr_image_size(cairn_RecordType type);

/* Turns every id in a message into what the job knows it by. */
void cr_image_ids(const struct cr_ids *ids, cairn_RecordType type, void *msg);

/* Reserves room in the pack; shared with the writers of all processes. */
uint64_t cr_image_reserve(struct cr_image_writer *w, uint64_t bytes);

/* Stores a buffer, fills *blob. */
int cr_image_blob(struct cr_image_writer *w, const void *data, size_t len, cairn_Blob *blob,
		  struct cr_err *err);

/* Ends state.img, syncs everything, writes the manifest, renames. After this it exists. */
int cr_image_commit(struct cr_image_writer *w, cairn_Manifest *manifest, struct cr_err *err);

/* Removes what was written (unless committed) and frees. */
void cr_image_close(struct cr_image_writer *w, bool committed);

/* Removes all but the newest keep checkpoints, and what is left of unfinished older ones. */
void cr_image_prune(const char *parent, unsigned int keep, unsigned int pinned);

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

/*
 * Finds the checkpoint meant by DIR/NAME (newest committed) or DIR/NAME/NNNNNN.
 * Fails with CR_EXIT_NOT_FOUND.
 */
int cr_image_find(const char *where, char path[CR_PATH_MAX], struct cr_err *err);

/*
 * Opens and checks everything but the contents of the pack, whose checksums are checked when they
 * are read. CR_EXIT_DAMAGED, CR_EXIT_FORMAT, CR_EXIT_PERMISSION, CR_EXIT_NOT_FOUND.
 */
int cr_image_open(struct cr_image *img, const char *path, struct cr_err *err);
/* The same of an open folder, whoever's it is. path is for messages. */
int cr_image_open_at(struct cr_image *img, int dir, const char *path, struct cr_err *err);
/* Only its manifest, and the sizes of the files. */
int cr_image_manifest(int dir, const char *path, cairn_Manifest *manifest, struct cr_err *err);
/*
 * Moves everything read into memory that forks share, not copy: a restart forks for each process.
 * Nothing can be added to the lists after that.
 */
int cr_image_share(struct cr_image *img, struct cr_err *err);

void cr_image_free(struct cr_image *img);

struct cr_process_image *cr_image_process(struct cr_image *img, int32_t pid);

/* The error for a piece of the pack whose content does not match its checksum. */
int cr_image_damaged(const struct cr_image *img, struct cr_err *err, uint64_t offset, uint64_t size,
		     const char *what);

/* A blob's content, malloced, checked. */
int cr_image_read_blob(const struct cr_image *img, const cairn_Blob *blob, void **data,
		       struct cr_err *err);

/* Descriptor of a record's message, NULL for an unknown type. */
const pb_msgdesc_t *cr_image_descriptor(cairn_RecordType type);

/* Decompresses LZ4 into a new buffer of exactly raw_len bytes. 0 or -EBADMSG, -ENOMEM. */
int cr_unpack(const void *data, size_t len, void **raw, size_t raw_len);
