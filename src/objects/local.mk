# SPDX-License-Identifier: Apache-2.0
#
# Kernel objects behind descriptors, one file each.

noinst_LIBRARIES += src/libobjects.a
src_libobjects_a_SOURCES = \
	src/objects/object.h src/objects/registry.c src/objects/room.c src/objects/room.h \
	src/objects/save.c \
	src/objects/content.c src/objects/device.c src/objects/directory.c src/objects/fifo.c \
	src/objects/folder.c \
	src/objects/ghost.c src/objects/inode.c src/objects/kernels.c src/objects/lease.c \
	src/objects/lock.c src/objects/namespace.c \
	src/objects/epoll.c src/objects/eventfd.c src/objects/fdinfo.c src/objects/signalfd.c \
	src/objects/inotify.c src/objects/inotify_queue.c src/objects/watch_path.c \
	src/objects/uffd.c \
	src/objects/pidfd.c src/objects/timerfd.c \
	src/objects/path.c src/objects/plugin.c src/objects/policy.c src/objects/policy.h \
	src/objects/pipe.c src/objects/reach.c src/objects/reach.h src/objects/regular.c \
	src/objects/rights.c src/objects/shared_memory.c \
	src/objects/pty.c src/objects/pty.h src/objects/pty_make.c src/objects/pty_queue.c \
	src/objects/stdio.c src/objects/tty.c \
	src/objects/ipc.h src/objects/sysv.c src/objects/sysv_shm.c src/objects/sysv_sem.c \
	src/objects/sysv_make.c src/objects/sysv_msg.c src/objects/mqueue.c

src_libobjects_a_SOURCES += \
	src/objects/inet.h src/objects/inet.c src/objects/inet_address.c \
	src/objects/inet_home.c src/objects/inet_options.c src/objects/inet_places.c \
	src/objects/inet_places.h src/objects/multicast.c src/objects/netlink.c \
	src/objects/raw.c src/objects/tcp_backlog.c src/objects/tcp_diag.c \
	src/objects/tcp_meet.c src/objects/tcp_members.c src/objects/tcp_repair.c \
	src/objects/tcp_restore.c src/objects/tcp_restore.h src/objects/tcp_save.c \
	src/objects/tcp_time_wait.c src/objects/udp.c

src_libobjects_a_SOURCES += \
	src/objects/stand_in.c \
	src/objects/unix.h src/objects/unix.c src/objects/unix_backlog.c \
	src/objects/unix_bind.c src/objects/unix_diag.c src/objects/unix_empty.c \
	src/objects/unix_empty.h src/objects/unix_fill.c \
	src/objects/unix_name.c src/objects/unix_options.c src/objects/unix_queue.c \
	src/objects/unix_restore.c
