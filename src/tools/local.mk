# SPDX-License-Identifier: Apache-2.0
#
# The commands.

bin_PROGRAMS += crlaunch crctl crrestart

TOOL_LIBS = src/libshepherd.a src/libcoordinator.a src/libobjects.a src/libshape.a \
	src/libplugin.a src/libnet.a src/libcriu.a src/libcommon.a $(NANOPB_LIBS) $(LZ4_LIBS) \
	$(XXHASH_LIBS) $(ELF_LIBS) $(EVENT_LIBS) -lpthread -lm
# Those that have jobs of their own.
SHEPHERD_LIBS = src/libcontainer.a src/libcriu.a src/librestart.a $(TOOL_LIBS) $(JSON_LIBS)
TOOL_CPPFLAGS = $(AM_CPPFLAGS) -DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'

crlaunch_SOURCES = \
	src/tools/backends.c src/tools/backends.h src/tools/crlaunch.c src/tools/detach.c \
	src/tools/detach.h src/tools/launch_nodes.c src/tools/launch_nodes.h \
	src/tools/launch_program.c \
	src/tools/launch_program.h
crlaunch_CPPFLAGS = $(TOOL_CPPFLAGS)
crlaunch_LDADD = $(SHEPHERD_LIBS)

crctl_SOURCES = \
	src/tools/top.c src/tools/top.h src/tools/top_lines.c src/tools/top_lines.h \
	src/tools/top_rows.c src/tools/top_rows.h \
	src/tools/crctl_attach.c src/tools/crctl_attach.h src/tools/backends.c \
	src/tools/backends.h \
	src/tools/cluster_rows.c src/tools/cluster_rows.h src/tools/detach.c src/tools/detach.h \
	src/tools/cluster_verbs.c src/tools/cluster_verbs.h src/tools/crctl.c src/tools/crctl.h \
	src/tools/checkpoint_watch.c src/tools/checkpoint_watch.h \
	src/tools/crctl_options.c src/tools/crctl_options.h src/tools/local_list.c \
	src/tools/drill_verb.c src/tools/drill_verb.h \
	src/tools/migrate_ssh.c src/tools/migrate_ssh.h src/tools/ssh_host.c src/tools/ssh_host.h \
	src/tools/local_list.h src/tools/local_verbs.c src/tools/local_verbs.h src/tools/look.c \
	src/tools/look.h src/tools/reach_job.c src/tools/reach_job.h src/tools/launch_program.c \
	src/tools/launch_program.h
crctl_CPPFLAGS = $(TOOL_CPPFLAGS) $(CURSES_CFLAGS)
crctl_LDADD = $(SHEPHERD_LIBS) $(CURSES_LIBS)

crrestart_SOURCES = \
	src/tools/backends.c src/tools/backends.h src/tools/crrestart.c \
	src/tools/crrestart_check.c src/tools/crrestart_check.h src/tools/detach.c \
	src/tools/detach.h
crrestart_CPPFLAGS = $(TOOL_CPPFLAGS)
crrestart_LDADD = src/libinspect.a $(SHEPHERD_LIBS)

bin_PROGRAMS += crcoordinator

crcoordinator_SOURCES = src/tools/crcoordinator.c
crcoordinator_CPPFLAGS = $(TOOL_CPPFLAGS)
crcoordinator_LDADD = src/libcoordinator.a $(NET_LIBS) src/libcommon.a $(EVENT_EXTRA_LIBS) \
	$(EVENT_SSL_LIBS) $(JSON_LIBS) $(SQLITE_LIBS) $(NANOPB_LIBS) $(LZ4_LIBS) \
	$(XXHASH_LIBS) $(ELF_LIBS) -lpthread -lm

bin_PROGRAMS += crnode

DAEMON_LIBS = $(NET_LIBS) src/libcommon.a $(EVENT_EXTRA_LIBS) $(NANOPB_LIBS) $(LZ4_LIBS) \
	$(XXHASH_LIBS) $(ELF_LIBS) -lpthread

crnode_SOURCES = src/tools/crnode.c
crnode_CPPFLAGS = $(TOOL_CPPFLAGS)
crnode_LDADD = src/libnode.a src/libstore.a src/libcoordinator.a src/libcriu.a $(DAEMON_LIBS) \
	$(JSON_LIBS) $(CURL_LIBS)

bin_PROGRAMS += crrsh
crrsh_SOURCES = \
	src/tools/crrsh.c src/tools/crrsh.h src/tools/crrsh_call.c src/tools/crrsh_call.h \
	src/tools/crrsh_relay.c src/tools/crrsh_relay.h src/tools/crrsh_serve.c \
	src/tools/crrsh_serve.h src/tools/crrsh_start.c src/tools/crrsh_start.h
nodist_crrsh_SOURCES = proto/rsh.pb.c
crrsh_CPPFLAGS = $(TOOL_CPPFLAGS) $(EVENT_CFLAGS) $(EVENT_SSL_CFLAGS) $(SSL_CFLAGS)
crrsh_LDADD = $(NET_LIBS) src/libcommon.a $(NANOPB_LIBS) $(XXHASH_LIBS) -lpthread

bin_PROGRAMS += crimage
crimage_SOURCES = src/tools/crimage.c
crimage_CPPFLAGS = $(TOOL_CPPFLAGS)
crimage_LDADD = src/libinspect.a src/libshape.a src/libcommon.a $(NANOPB_LIBS) $(LZ4_LIBS) \
	$(XXHASH_LIBS) $(ELF_LIBS) $(UNWIND_LIBS) $(IBERTY_LIBS) -lpthread
