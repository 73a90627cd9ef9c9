# SPDX-License-Identifier: Apache-2.0
#
# Kernel objects behind descriptors, one file each.

noinst_LIBRARIES += src/libobjects.a
src_libobjects_a_SOURCES = \
	src/objects/claim.c src/objects/claim.h src/objects/content.c src/objects/content.h \
	src/objects/device.c src/objects/directory.c src/objects/epoll.c src/objects/eventfd.c \
	src/objects/fdinfo.c src/objects/fdinfo.h src/objects/fifo.c src/objects/folder.c \
	src/objects/folder.h src/objects/ghost.c src/objects/ghost.h src/objects/index.c \
	src/objects/index.h src/objects/inet.c src/objects/inet.h src/objects/inet_address.c \
	src/objects/inet_address.h src/objects/inet_home.c src/objects/inet_home.h \
	src/objects/inet_options.c src/objects/inet_options.h src/objects/inet_places.c \
	src/objects/inet_places.h src/objects/inode.c src/objects/inode.h \
	src/objects/inode_store.c src/objects/inode_store.h src/objects/inotify.c \
	src/objects/inotify.h src/objects/inotify_queue.c src/objects/inotify_queue.h \
	src/objects/ipc.c src/objects/ipc.h src/objects/kernels.c src/objects/kernels.h \
	src/objects/kinds.c src/objects/kinds.h src/objects/lease.c \
	src/objects/lock.c src/objects/lock.h src/objects/mqueue.c src/objects/mqueue.h \
	src/objects/multicast.c src/objects/multicast.h src/objects/namespace.c \
	src/objects/namespace.h src/objects/netlink.c src/objects/object.h src/objects/outside.c \
	src/objects/outside.h src/objects/path.c src/objects/pidfd.c src/objects/pipe.c \
	src/objects/pipe.h src/objects/policy.c src/objects/policy.h src/objects/pty.c \
	src/objects/pty.h src/objects/pty_make.c src/objects/pty_make.h src/objects/pty_queue.c \
	src/objects/pty_queue.h src/objects/raw.c src/objects/reach.c src/objects/reach.h \
	src/objects/registry.c src/objects/registry.h src/objects/regular.c \
	src/objects/regular.h src/objects/reopen.c src/objects/reopen.h src/objects/rights.c \
	src/objects/rights.h src/objects/room.c src/objects/room.h src/objects/save.c \
	src/objects/save.h src/objects/shared_memory.c src/objects/shared_memory.h \
	src/objects/signalfd.c src/objects/stand_in.c src/objects/stand_in.h \
	src/objects/standard.c src/objects/standard.h src/objects/sysv.c src/objects/sysv.h \
	src/objects/sysv_make.c src/objects/sysv_make.h src/objects/sysv_msg.c \
	src/objects/sysv_msg.h src/objects/sysv_sem.c src/objects/sysv_sem.h \
	src/objects/sysv_shm.c src/objects/sysv_shm.h src/objects/tcp_backlog.c \
	src/objects/tcp_backlog.h src/objects/tcp_diag.c src/objects/tcp_diag.h \
	src/objects/tcp_meet.c src/objects/tcp_meet.h src/objects/tcp_members.c \
	src/objects/tcp_members.h src/objects/tcp_queue.c src/objects/tcp_queue.h \
	src/objects/tcp_repair.c src/objects/tcp_repair.h src/objects/tcp_restore.c \
	src/objects/tcp_restore.h src/objects/tcp_save.c src/objects/tcp_save.h \
	src/objects/tcp_time_wait.c src/objects/tcp_time_wait.h src/objects/timerfd.c \
	src/objects/tty.c src/objects/tty.h src/objects/udp.c src/objects/udp.h \
	src/objects/uffd.c src/objects/uffd.h src/objects/unix.c src/objects/unix.h \
	src/objects/unix_backlog.c src/objects/unix_backlog.h src/objects/unix_bind.c \
	src/objects/unix_bind.h src/objects/unix_diag.c src/objects/unix_diag.h \
	src/objects/unix_empty.c src/objects/unix_empty.h src/objects/unix_fill.c \
	src/objects/unix_fill.h src/objects/unix_name.c src/objects/unix_name.h \
	src/objects/unix_options.c src/objects/unix_options.h src/objects/unix_queue.c \
	src/objects/unix_queue.h src/objects/unix_restore.c src/objects/unix_restore.h \
	src/objects/watch_path.c src/objects/watch_path.h
