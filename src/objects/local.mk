# SPDX-License-Identifier: Apache-2.0
#
# Kernel objects behind descriptors, one file each.

noinst_LIBRARIES += src/libobjects.a
src_libobjects_a_SOURCES = src/objects/kinds.c src/objects/kinds.h

src_libobjects_a_SOURCES += \
	src/objects/core/claim.c src/objects/core/claim.h src/objects/core/fdinfo.c \
	src/objects/core/fdinfo.h src/objects/core/index.c src/objects/core/index.h \
	src/objects/core/kernels.c src/objects/core/kernels.h src/objects/core/object.h \
	src/objects/core/outside.c src/objects/core/outside.h src/objects/core/policy.c \
	src/objects/core/policy.h src/objects/core/reach.c src/objects/core/reach.h \
	src/objects/core/registry.c src/objects/core/registry.h src/objects/core/reopen.c \
	src/objects/core/reopen.h src/objects/core/rights.c src/objects/core/rights.h \
	src/objects/core/room.c src/objects/core/room.h src/objects/core/save.c \
	src/objects/core/save.h src/objects/core/socket.c src/objects/core/socket.h \
	src/objects/core/stand_in.c src/objects/core/stand_in.h \
	src/objects/core/standard.c src/objects/core/standard.h

src_libobjects_a_SOURCES += \
	src/objects/file/content.c src/objects/file/content.h src/objects/file/device.c \
	src/objects/file/directory.c src/objects/file/fifo.c src/objects/file/folder.c \
	src/objects/file/folder.h src/objects/file/ghost.c src/objects/file/ghost.h \
	src/objects/file/inode.c src/objects/file/inode.h src/objects/file/inode_store.c \
	src/objects/file/inode_store.h src/objects/file/file_lease.c src/objects/file/lock.c \
	src/objects/file/lock.h src/objects/file/namespace.c src/objects/file/namespace.h \
	src/objects/file/path.c src/objects/file/pipe.c src/objects/file/pipe.h \
	src/objects/file/regular.c src/objects/file/regular.h

src_libobjects_a_SOURCES += \
	src/objects/event/epoll.c src/objects/event/eventfd.c src/objects/event/inotify.c \
	src/objects/event/inotify.h src/objects/event/inotify_queue.c \
	src/objects/event/inotify_queue.h src/objects/event/pidfd.c src/objects/event/signalfd.c \
	src/objects/event/timerfd.c src/objects/event/uffd.c src/objects/event/uffd.h \
	src/objects/event/watch_path.c src/objects/event/watch_path.h

src_libobjects_a_SOURCES += \
	src/objects/unix/unix.c src/objects/unix/unix.h src/objects/unix/unix_backlog.c \
	src/objects/unix/unix_backlog.h src/objects/unix/unix_bind.c \
	src/objects/unix/unix_bind.h src/objects/unix/unix_diag.c src/objects/unix/unix_diag.h \
	src/objects/unix/unix_empty.c src/objects/unix/unix_empty.h src/objects/unix/unix_fill.c \
	src/objects/unix/unix_fill.h src/objects/unix/unix_name.c src/objects/unix/unix_name.h \
	src/objects/unix/unix_options.c src/objects/unix/unix_options.h \
	src/objects/unix/unix_queue.c src/objects/unix/unix_queue.h \
	src/objects/unix/unix_restore.c src/objects/unix/unix_restore.h

src_libobjects_a_SOURCES += \
	src/objects/inet/inet.c src/objects/inet/inet.h src/objects/inet/inet_address.c \
	src/objects/inet/inet_address.h src/objects/inet/inet_home.c \
	src/objects/inet/inet_home.h src/objects/inet/inet_options.c \
	src/objects/inet/inet_options.h src/objects/inet/address_map.c \
	src/objects/inet/address_map.h src/objects/inet/multicast.c src/objects/inet/multicast.h \
	src/objects/inet/netlink.c src/objects/inet/raw.c src/objects/inet/tcp_backlog.c \
	src/objects/inet/tcp_backlog.h src/objects/inet/tcp_diag.c src/objects/inet/tcp_diag.h \
	src/objects/inet/tcp_rendezvous.c src/objects/inet/tcp_rendezvous.h \
	src/objects/inet/tcp_members.c \
	src/objects/inet/tcp_members.h src/objects/inet/tcp_queue.c src/objects/inet/tcp_queue.h \
	src/objects/inet/tcp_repair.c src/objects/inet/tcp_repair.h \
	src/objects/inet/tcp_restore.c src/objects/inet/tcp_restore.h \
	src/objects/inet/tcp_save.c src/objects/inet/tcp_save.h src/objects/inet/tcp_time_wait.c \
	src/objects/inet/tcp_time_wait.h src/objects/inet/udp.c src/objects/inet/udp.h

src_libobjects_a_SOURCES += \
	src/objects/ipc/ipc.c src/objects/ipc/ipc.h src/objects/ipc/mqueue.c \
	src/objects/ipc/mqueue.h src/objects/ipc/shared_memory.c src/objects/ipc/shared_memory.h \
	src/objects/ipc/sysv.c src/objects/ipc/sysv.h src/objects/ipc/sysv_make.c \
	src/objects/ipc/sysv_make.h src/objects/ipc/sysv_msg.c src/objects/ipc/sysv_msg.h \
	src/objects/ipc/sysv_sem.c src/objects/ipc/sysv_sem.h src/objects/ipc/sysv_shm.c \
	src/objects/ipc/sysv_shm.h

src_libobjects_a_SOURCES += \
	src/objects/tty/pty.c src/objects/tty/pty.h src/objects/tty/pty_make.c \
	src/objects/tty/pty_make.h src/objects/tty/pty_queue.c src/objects/tty/pty_queue.h \
	src/objects/tty/tty.c src/objects/tty/tty.h

# What a kind is, for whoever only looks into an image, too.
noinst_LIBRARIES += src/libshape.a
src_libshape_a_SOURCES = \
	src/objects/shape/epoll_shape.c src/objects/shape/eventfd_shape.c \
	src/objects/shape/file_shape.c src/objects/shape/file_shape.h \
	src/objects/shape/inotify_shape.c src/objects/shape/kinds.def \
	src/objects/shape/memory_shape.c src/objects/shape/model.c src/objects/shape/model.h \
	src/objects/shape/mqueue_shape.c src/objects/shape/pidfd_shape.c \
	src/objects/shape/pipe_shape.c src/objects/shape/plugin_shape.c \
	src/objects/shape/pty_shape.c src/objects/shape/shape.h src/objects/shape/shapes.c \
	src/objects/shape/shapes.h src/objects/shape/signalfd_shape.c \
	src/objects/shape/socket_shape.c src/objects/shape/socket_shape.h \
	src/objects/shape/sysv_shape.c src/objects/shape/text.c src/objects/shape/text.h \
	src/objects/shape/timerfd_shape.c src/objects/shape/uffd_shape.c
