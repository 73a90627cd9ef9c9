# SPDX-License-Identifier: Apache-2.0
#
# Connections between the parts of a cluster.

noinst_LIBRARIES += src/libnet.a
src_libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SSL_CFLAGS)
src_libnet_a_SOURCES = \
	src/net/address.c src/net/address.h src/net/client.c src/net/client.h src/net/net_frame.c \
	src/net/net_frame.h src/net/link.c src/net/link.h src/net/link_state.h src/net/listener.c \
	src/net/listener.h src/net/stream.c src/net/stream.h src/net/trust.c src/net/trust.h \
	src/net/trust_options.h src/net/urgent.c src/net/urgent.h src/net/users.c src/net/users.h

# frame.c and client.c need none of these; all else does.
NET_LIBS = src/libnet.a $(EVENT_LIBS) $(SSL_LIBS)
