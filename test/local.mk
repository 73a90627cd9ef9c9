# SPDX-License-Identifier: Apache-2.0
# The tests: small programs, one for each behaviour, and the scripts that test/run runs.

test_progs = \
	test/prog/api-await \
	test/prog/api-checkpoint \
	test/prog/api-section \
	test/prog/attr-affinity \
	test/prog/attr-comm \
	test/prog/attr-coredump \
	test/prog/attr-cwd \
	test/prog/attr-cwd-proc \
	test/prog/attr-deadline \
	test/prog/attr-environ \
	test/prog/attr-fd-limit \
	test/prog/attr-foreign-ids \
	test/prog/attr-hostname \
	test/prog/attr-identity \
	test/prog/attr-ioprio \
	test/prog/attr-mce \
	test/prog/attr-mdwe \
	test/prog/attr-membarrier \
	test/prog/attr-nice \
	test/prog/attr-no-new-privs \
	test/prog/attr-not-dumpable \
	test/prog/attr-oom \
	test/prog/attr-pdeath \
	test/prog/attr-personality \
	test/prog/attr-prctl \
	test/prog/attr-proc-self \
	test/prog/attr-rlimits \
	test/prog/attr-sched \
	test/prog/attr-speculation \
	test/prog/attr-tsc \
	test/prog/attr-umask \
	test/prog/bad-pointers \
	test/prog/clock-continue \
	test/prog/core-threads \
	test/prog/counter \
	test/prog/cred-caps \
	test/prog/cred-dropped \
	test/prog/cred-fsuid \
	test/prog/cred-server \
	test/prog/dev-nodes \
	test/prog/aio-kernel \
	test/prog/aio-posix \
	test/prog/epoll-closed \
	test/prog/epoll-edge-live \
	test/prog/epoll-edge \
	test/prog/epoll-exclusive \
	test/prog/epoll-fork \
	test/prog/epoll-kinds \
	test/prog/epoll-level \
	test/prog/epoll-many \
	test/prog/epoll-nested \
	test/prog/epoll-oneshot \
	test/prog/epoll-params \
	test/prog/epoll-wait \
	test/prog/eventfd-blocked \
	test/prog/eventfd-count \
	test/prog/eventfd-shared \
	test/prog/inotify-found \
	test/prog/inotify-many \
	test/prog/inotify-queue \
	test/prog/inotify-shared \
	test/prog/inotify-wait \
	test/prog/inotify-watch \
	test/prog/memfd-huge \
	test/prog/memfd-run \
	test/prog/memfd-seals \
	test/prog/memfd-secret \
	test/prog/pidfd-ended \
	test/prog/pidfd-epoll \
	test/prog/pidfd-fdinfo \
	test/prog/pidfd-live \
	test/prog/pidns-refused \
	test/prog/signalfd-blocked \
	test/prog/signalfd-mask \
	test/prog/timerfd-alarm \
	test/prog/timerfd-blocked \
	test/prog/timerfd-expired \
	test/prog/timerfd-periodic \
	test/prog/timerfd-relative \
	test/prog/timerfd-wall \
	test/prog/uffd-fork \
	test/prog/uffd-missing \
	test/prog/uffd-protect \
	test/prog/uring-absent \
	test/prog/uring-refused \
	test/prog/keyring-refused \
	test/prog/landlock-refused \
	test/prog/proc-reparent \
	test/prog/proc-subreaper-wait \
	test/prog/proc-subreapers \
	test/prog/proc-zombie-leader \
	test/prog/psem-named \
	test/prog/psem-shared \
	test/prog/psem-unlinked \
	test/prog/pshared-pi \
	test/prog/pshared-robust \
	test/prog/seccomp-exec-refused \
	test/prog/seccomp-filter \
	test/prog/seccomp-strict-refused \
	test/prog/seccomp-threads \
	test/prog/seccomp-tight-refused \
	test/prog/sess-leaderless \
	test/prog/futex-shared \
	test/prog/mq-closed \
	test/prog/mq-large \
	test/prog/mq-messages \
	test/prog/mq-notify \
	test/prog/mq-unlinked \
	test/prog/mq-wait \
	test/prog/dev-block-refused \
	test/prog/dev-ghost \
	test/prog/fifo-blocked \
	test/prog/fifo-ghost \
	test/prog/fifo-hangup \
	test/prog/fifo-reader \
	test/prog/fifo-writer \
	test/prog/file-full \
	test/prog/file-lowest \
	test/prog/file-lowest-shared \
	test/prog/file-many \
	test/prog/file-owner \
	test/prog/lease-breaking \
	test/prog/lease-read \
	test/prog/lease-states \
	test/prog/lease-write \
	test/prog/lock-ghost \
	test/prog/lock-inherited \
	test/prog/lock-libc \
	test/prog/lock-lost \
	test/prog/lock-many \
	test/prog/lock-owners \
	test/prog/lock-shared \
	test/prog/lock-waiters \
	test/prog/mntns-refused \
	test/prog/root-dir \
	test/prog/file-append \
	test/prog/file-append-cut \
	test/prog/file-append-live \
	test/prog/file-called-deleted \
	test/prog/file-cloexec \
	test/prog/file-companion \
	test/prog/file-dir \
	test/prog/file-dir-closed \
	test/prog/file-dir-middle \
	test/prog/file-dir-renamed \
	test/prog/file-direct \
	test/prog/file-dup \
	test/prog/file-far \
	test/prog/file-fd-limit \
	test/prog/file-flags \
	test/prog/file-getfl \
	test/prog/file-fork-offset \
	test/prog/file-fragments \
	test/prog/file-ghost-attrs \
	test/prog/file-ghost-dir \
	test/prog/file-ghost-shared \
	test/prog/file-ghost-tree \
	test/prog/file-hint \
	test/prog/file-link-left \
	test/prog/file-locks \
	test/prog/file-mode-lost \
	test/prog/file-modes \
	test/prog/file-namespaces \
	test/prog/file-numbers \
	test/prog/file-opath \
	test/prog/file-opath-ghost \
	test/prog/file-proc \
	test/prog/file-rdwr \
	test/prog/file-read \
	test/prog/file-renamed \
	test/prog/file-replaced \
	test/prog/file-folder \
	test/prog/file-shm-ghost \
	test/prog/file-sparse \
	test/prog/file-stdio \
	test/prog/file-symlink \
	test/prog/file-sys \
	test/prog/file-tmpfile \
	test/prog/file-tmpfile-link \
	test/prog/file-tree-proc \
	test/prog/file-truncated-map \
	test/prog/file-two-names \
	test/prog/file-two-writers \
	test/prog/file-unlinked \
	test/prog/file-write-live \
	test/prog/ids \
	test/prog/ids-fork-after \
	test/prog/ids-siblings \
	test/prog/ids-tree \
	test/prog/intr-forever \
	test/prog/intr-length \
	test/prog/intr-remaining \
	test/prog/intr-timed \
	test/prog/intr-own \
	test/prog/intr-raw \
	test/prog/ipc-ids \
	test/prog/ipc-later \
	test/prog/ipc-many \
	test/prog/ipc-msg \
	test/prog/ipc-msg-wait \
	test/prog/ipc-sem \
	test/prog/ipc-sem-undo \
	test/prog/ipc-sem-undo-many \
	test/prog/ipc-sem-wait \
	test/prog/ipc-shm \
	test/prog/ipc-shm-detached \
	test/prog/ipc-shm-locked \
	test/prog/ipc-shm-nattch \
	test/prog/ipc-shm-parts \
	test/prog/ipc-shm-readonly \
	test/prog/ipc-shm-removed \
	test/prog/libc-atexit \
	test/prog/libc-dlopen \
	test/prog/libc-locale \
	test/prog/libc-malloc \
	test/prog/libc-red-zone \
	test/prog/libc-setjmp \
	test/prog/libc-stdio \
	test/prog/libc-tiny-stack \
	test/prog/libc-ucontext \
	test/prog/mem-4g \
	test/prog/mem-advice \
	test/prog/mem-anon \
	test/prog/mem-beyond-eof \
	test/prog/mem-brk \
	test/prog/mem-cow \
	test/prog/mem-deleted-file \
	test/prog/mem-exec \
	test/prog/mem-flags \
	test/prog/mem-forked-advice \
	test/prog/mem-free \
	test/prog/mem-growsdown \
	test/prog/mem-guard \
	test/prog/mem-lock \
	test/prog/mem-lock-future \
	test/prog/mem-lock-on-fault \
	test/prog/mem-keys \
	test/prog/mem-many \
	test/prog/mem-memfd \
	test/prog/mem-memfd-private \
	test/prog/mem-names \
	test/prog/mem-none-reserve \
	test/prog/mem-pattern \
	test/prog/mem-private-file \
	test/prog/mem-protections \
	test/prog/mem-remap \
	test/prog/mem-reserve \
	test/prog/mem-shared \
	test/prog/mem-shared-file \
	test/prog/mem-shared-parts \
	test/prog/mem-shm \
	test/prog/mem-shm-unlinked \
	test/prog/mem-stack \
	test/prog/mem-thp \
	test/prog/mem-untouched \
	test/prog/pipe-blocked-reader \
	test/prog/pipe-both-ends \
	test/prog/pipe-content \
	test/prog/pipe-fifo \
	test/prog/pipe-full-writer \
	test/prog/pipe-half-closed \
	test/prog/pipe-packet \
	test/prog/pipe-reopened \
	test/prog/pipe-size \
	test/prog/pipe-stream \
	test/prog/proc-churn \
	test/prog/proc-churn-many \
	test/prog/proc-churn-300 \
	test/prog/proc-clone \
	test/prog/proc-daemon \
	test/prog/proc-exec-empty-env \
	test/prog/proc-exec-loop \
	test/prog/own-libc \
	test/prog/proc-exec-preload \
	test/prog/proc-exec-thread \
	test/prog/proc-exit-signal \
	test/prog/proc-shared-files \
	test/prog/proc-many \
	test/prog/proc-outlive \
	test/prog/proc-popen \
	test/prog/proc-spawn \
	test/prog/proc-subreaper \
	test/prog/proc-system \
	test/prog/proc-vfork \
	test/prog/proc-zombie \
	test/prog/proc-zombie-group \
	test/prog/reg-amx \
	test/prog/reg-avx \
	test/prog/reg-avx512 \
	test/prog/reg-avx512-mask \
	test/prog/reg-fsgs \
	test/prog/reg-gpr \
	test/prog/reg-sse \
	test/prog/reg-x87 \
	test/prog/sess-dead-group \
	test/prog/sess-dead-leader \
	test/prog/sess-groups \
	test/prog/sess-parent-group \
	test/prog/sess-random \
	test/prog/sig-actions \
	test/prog/sig-altstack \
	test/prog/sig-altstack-bad \
	test/prog/sig-altstack-main \
	test/prog/sig-altstack-small \
	test/prog/sig-altstack-toggled \
	test/prog/sig-raw-refused \
	test/prog/sig-children \
	test/prog/sig-fillset \
	test/prog/sig-ignored \
	test/prog/sig-in-handler \
	test/prog/sig-mask \
	test/prog/sig-pending-process \
	test/prog/sig-pending-thread \
	test/prog/sig-rt-queue \
	test/prog/sig-late \
	test/prog/sig-traffic \
	test/prog/sig-wait-loop \
	test/prog/socket-refused \
	test/prog/stop-pause \
	test/prog/stop-sigstop \
	test/prog/stop-terminal \
	test/prog/stop-threads \
	test/prog/stop-unseen \
	test/prog/netlink-route \
	test/prog/raw-sockets \
	test/prog/inet-given-back \
	test/prog/stream-large \
	test/prog/tcp-backlog \
	test/prog/tcp-backlog-data \
	test/prog/tcp-blocked \
	test/prog/tcp-bound \
	test/prog/tcp-close-states \
	test/prog/tcp-closing \
	test/prog/tcp-connecting \
	test/prog/tcp-cookie \
	test/prog/tcp-cookie-data \
	test/prog/tcp-cork \
	test/prog/tcp-established \
	test/prog/tcp-filter \
	test/prog/tcp-full \
	test/prog/tcp-killed \
	test/prog/tcp-large \
	test/prog/tcp-listen \
	test/prog/tcp-many \
	test/prog/tcp-options \
	test/prog/tcp-orphan \
	test/prog/tcp-refused \
	test/prog/tcp-reset \
	test/prog/tcp-reuseport \
	test/prog/tcp-shared-port \
	test/prog/tcp-unread \
	test/prog/tcp-urgent \
	test/prog/tcp-urgent-last \
	test/prog/udp-ancillary \
	test/prog/udp-connected \
	test/prog/udp-cork \
	test/prog/udp-multicast \
	test/prog/udp-queue \
	test/prog/udp-reuseport \
	test/prog/udp-shutdown \
	test/prog/tty-async \
	test/prog/tty-closed-output \
	test/prog/tty-dev-tty \
	test/prog/tty-given-up \
	test/prog/tty-group-gone \
	test/prog/tty-groups \
	test/prog/tty-hung-up \
	test/prog/tty-input \
	test/prog/tty-input-full \
	test/prog/tty-input-raw \
	test/prog/tty-leader-gone \
	test/prog/tty-locked \
	test/prog/tty-many \
	test/prog/tty-modes \
	test/prog/tty-output \
	test/prog/tty-output-full \
	test/prog/tty-packet \
	test/prog/tty-pair \
	test/prog/tty-session \
	test/prog/tty-stopped-output \
	test/prog/tty-stream \
	test/prog/tty-two-processes \
	test/prog/tty-vhangup \
	test/prog/tty-winch \
	test/prog/thr-64 \
	test/prog/thr-barrier \
	test/prog/thr-cancel \
	test/prog/thr-churn \
	test/prog/thr-compute \
	test/prog/thr-cond \
	test/prog/thr-errno \
	test/prog/thr-fork \
	test/prog/thr-join \
	test/prog/thr-key \
	test/prog/thr-main-exit \
	test/prog/thr-main-gone \
	test/prog/thr-mutex \
	test/prog/thr-owner \
	test/prog/thr-pi \
	test/prog/thr-pshared \
	test/prog/thr-queue-full \
	test/prog/thr-robust \
	test/prog/thr-robust-shared \
	test/prog/thr-rseq \
	test/prog/thr-rseq-own \
	test/prog/thr-rwlock \
	test/prog/thr-setxid \
	test/prog/thr-tls \
	test/prog/thr-vfork-blocked \
	test/prog/timer-alarm \
	test/prog/timer-itimer \
	test/prog/timer-overrun \
	test/prog/timer-ids \
	test/prog/timer-posix \
	test/prog/timer-waiting \
	test/prog/timer-thread-id

test_progs += \
	test/prog/unix-autobind \
	test/prog/unix-backlog \
	test/prog/unix-backlog-data \
	test/prog/unix-backlog-full \
	test/prog/unix-backlog-live \
	test/prog/unix-blocked \
	test/prog/unix-chroot \
	test/prog/unix-credentials \
	test/prog/unix-dgram-connected \
	test/prog/unix-dgram-empty \
	test/prog/unix-dgram-full \
	test/prog/unix-dgram-names \
	test/prog/unix-dgram-pair \
	test/prog/unix-epoll \
	test/prog/unix-filter \
	test/prog/unix-flags \
	test/prog/unix-full \
	test/prog/unix-half-closed \
	test/prog/unix-idle \
	test/prog/unix-listener \
	test/prog/unix-many \
	test/prog/unix-names \
	test/prog/unix-oob \
	test/prog/unix-options \
	test/prog/unix-peek-off \
	test/prog/unix-peer-closed \
	test/prog/unix-peercred \
	test/prog/unix-relative \
	test/prog/unix-renamed \
	test/prog/unix-reset \
	test/prog/unix-rights \
	test/prog/unix-rights-nested \
	test/prog/unix-seqpacket \
	test/prog/unix-shared \
	test/prog/unix-stream \
	test/prog/unix-unlinked

check_PROGRAMS += $(test_progs) test/prog/mq-unlink test/prog/tcp-outside test/soak/load \
	test/soak/queues test/cli/api test/cli/api-static test/cli/deny test/cli/forbid \
	test/cli/forge test/cli/in-memory test/cli/older.so \
	test/plugin/fan \
	test/plugin/gpu-user test/plugin/show-env test/plugin/target \
	test/cluster/msgs \
	test/cluster/witness \
	test/cluster/sockets \
	test/cluster/clockjump.so

test_cli_api_static_SOURCES = test/cli/api.c
test_cli_api_static_LDFLAGS = -static
test_cli_forge_CPPFLAGS = $(AM_CPPFLAGS)
test_cli_forge_LDADD = $(TOOL_LIBS)
$(test_cli_forge_OBJECTS): $(PROTO_HDRS)
# Its addresses are the same each time.
test_plugin_target_CFLAGS = $(AM_CFLAGS) -fno-pie
test_plugin_target_LDFLAGS = $(AM_LDFLAGS) -no-pie

# Its functions in place of libc's, for every library.
test_prog_own_libc_LDFLAGS = $(AM_LDFLAGS) -rdynamic
# To find its own functions by name.
test_prog_lock_libc_LDFLAGS = $(AM_LDFLAGS) -rdynamic

# For the rounding modes; all else is in the C library.
test_prog_reg_x87_LDADD = -lm

# A library for daemons, built as a program is.
test_cli_older_so_SOURCES = test/cli/older.c
test_cli_older_so_CFLAGS = -std=gnu11 -Wall -Wextra -O2 -fPIC
test_cli_older_so_LDFLAGS = -shared

test_cluster_clockjump_so_SOURCES = test/cluster/clockjump.c
test_cluster_clockjump_so_CFLAGS = -std=gnu11 -Wall -Wextra -O2 -fPIC
test_cluster_clockjump_so_LDFLAGS = -shared

include test/unit/local.mk

# A server that nothing can be loaded into.
check_PROGRAMS += test/cluster/keeper
test_cluster_keeper_CFLAGS = -std=gnu11 -Wall -Wextra -O2
test_cluster_keeper_LDFLAGS = -static -pthread
test_cluster_keeper_LDADD =

# The coordinator of crnode's own tests.
check_PROGRAMS += test/cluster/peer
test_cluster_peer_LDADD = $(DAEMON_LIBS)
test_cluster_peer_CPPFLAGS = $(AM_CPPFLAGS)
$(test_cluster_peer_OBJECTS): $(PROTO_HDRS)
