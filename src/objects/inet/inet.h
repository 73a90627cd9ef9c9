// SPDX-License-Identifier: Apache-2.0
//
// TCP, UDP and their like: a socket during a save, and one that is being made again.
#pragma once

#include <linux/tcp.h>
#include <poll.h>

#include "common/addresses.h"
#include "common/image.h"
#include "objects/inet/inet_address.h"

struct cr_err;
struct cr_fd_view;
struct cr_gather;
struct cr_inet_defaults;
struct cr_restore;

/* The states of TCP_INFO and sock_diag, as the kernel numbers them. */
enum {
	CR_TCP_ESTABLISHED = 1,
	CR_TCP_SYN_SENT,
	CR_TCP_SYN_RECV,
	CR_TCP_FIN_WAIT1,
	CR_TCP_FIN_WAIT2,
	CR_TCP_TIME_WAIT,
	CR_TCP_CLOSE,
	CR_TCP_CLOSE_WAIT,
	CR_TCP_LAST_ACK,
	CR_TCP_LISTEN,
	CR_TCP_CLOSING,
};

struct cr_inet {
	cairn_InetSocket m;
	int fd; /* the description's */
	pid_t pid;
	int number;
	uint64_t inode;
	struct tcp_info info;
	union cr_inet_name local, remote;
	union cr_inet_name was; /* the remote end of a connection that is over */
	struct cr_inet *peer;
	const struct cr_inet_defaults *defaults; /* what a new one of its kind says */
	bool too_many_options;
	bool unanswered; /* the listener's end is not complete yet, or not there */
	/* The other end is in another member, which has sent so much. */
	struct {
		bool is, fin;
		uint64_t sent;
		uint32_t unsent;
		struct cr_place seen; /* the other end's address, virtual */
		struct cr_gather *gather;
	} elsewhere;
};

/* ---- a restart ---- */

struct cr_inet_new {
	const cairn_InetSocket *m;
	union cr_inet_name local, remote;
	int fd; /* -1: not made yet */
	cairn_InetPeer kind; /* as in the record, unless its other end's member is not there */
	struct cr_inet_new *peer;
	bool shares_port; /* with others, for which the kernel chose it */
};

/* What every kind of socket tells of itself. */
void cr_inet_note(struct cr_inet *k, const struct cr_fd_view *v, uint32_t id);
/* The end of a restore: the last options and flags; fd, or it is closed. */
int cr_inet_restored(struct cr_restore *r, const cairn_Description *d, const cairn_InetSocket *m,
		     int fd, struct cr_err *err);
/* The record of a description, or NULL. */
const cairn_InetSocket *cr_inet_saved(struct cr_restore *r, const cairn_Description *d,
				      struct cr_err *err);
