// SPDX-License-Identifier: Apache-2.0
//
// TCP, UDP and their like: what the files inet*.c share.
#pragma once

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>

#include "common/addresses.h"
#include "objects/object.h"

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

/* ---- addresses: inet_address.c ---- */

union cr_inet_name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	unsigned char bytes[28];
};

/* An address and port that compare as bytes, IPv4 as mapped. */
struct cr_inet_key {
	unsigned char address[16];
	uint16_t port; /* network order */
};

struct cr_inet_key cr_inet_key(const void *name);
void cr_inet_name(union cr_inet_name *to, const void *bytes, size_t len);
socklen_t cr_inet_len(const union cr_inet_name *name);
uint16_t cr_inet_port(const union cr_inet_name *name);
void cr_inet_set_port(union cr_inet_name *name, uint16_t port);
bool cr_inet_is_any(const union cr_inet_name *name);
/* One port, and an address that both have. */
bool cr_inet_overlap(const union cr_inet_name *a, const union cr_inet_name *b);
bool cr_inet_is_mapped(const union cr_inet_name *name);
void cr_inet_loopback(union cr_inet_name *name);
/* Whether this host has it; FREEBIND is off. */
bool cr_inet_is_here(const union cr_inet_name *name);
#define CR_INET_TEXT 80
const char *cr_inet_text(const union cr_inet_name *name, char text[CR_INET_TEXT]);

/* ---- a save ---- */

struct cr_inet_defaults;

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

/* inet_home.c: what the application sees instead of an address that the kernel has. */
void cr_inet_seen(const struct cr_save *s, int type, void *name, size_t len);

/* inet.c: the record of a description, or NULL. */
const cairn_InetSocket *cr_inet_saved(struct cr_restore *r, const cairn_Description *d,
				      struct cr_err *err);

/* ---- options: inet_options.c ---- */

const struct cr_inet_defaults *cr_inet_defaults(struct cr_inet_defaults **cache,
						const cairn_InetSocket *m);
/* In a thread of its own, if need be; then what there is to say about it. */
void cr_inet_options_read(struct cr_inet *k);
int cr_inet_options_check(const struct cr_inet *k, struct cr_err *err);
/* Both at once. */
int cr_inet_options_save(struct cr_inet_defaults **cache, struct cr_inet *k, struct cr_err *err);
void cr_inet_defaults_free(struct cr_inet_defaults *cache);
int cr_inet_filter_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err);

/* Not in every libc's headers: IP_LOCAL_PORT_RANGE. */
#define CR_IP_PORT_RANGE 51

enum cr_inet_phase {
	CR_INET_BEFORE, /* before it is bound: decides what it can be */
	CR_INET_AFTER, /* when its queue is filled and its state is the saved one */
};

void cr_inet_options_restore(int fd, const cairn_InetSocket *m, enum cr_inet_phase phase);
int cr_inet_filter_restore(struct cr_restore *r, int fd, const cairn_InetSocket *m,
			   struct cr_err *err);
int cr_inet_set(int fd, int level, int name, int value);
int cr_inet_get(int fd, int level, int name);
/* The saved value of an option of an int, or missing. */
int cr_inet_option(const cairn_InetSocket *m, int level, int name, int missing);

/* Room for as much as a queue holds, whatever the limits for everybody. */
void cr_inet_grow(int fd, int name, size_t bytes);

/* ---- TCP ---- */

/* tcp_save.c: queues of all, when it is known who is whose peer. */
int cr_tcp_save(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err);
void cr_tcp_read_info(struct cr_inet *k);
/* Has all that from has sent come into the queue of to; NULL: it is closed, or elsewhere. */
int cr_tcp_move(struct cr_inet *from, struct cr_inet *to, struct cr_err *err);
/* Peeks at all that is unread; *data is malloced. */
int cr_tcp_read_queue(struct cr_inet *k, char **data, size_t *len);
int cr_tcp_save_queue(struct cr_save *s, struct cr_inet *k, struct cr_err *err);

/* Has what is held back sent at once. */
void cr_tcp_push(const struct cr_inet *k);
/* A receive buffer of so many bytes, as getsockopt() tells them, though SO_RCVBUF may have less. */
void cr_tcp_grow(int fd, int want);
/* Room for so many bytes in a receive queue; for len more. */
void cr_tcp_room(int fd, size_t bytes);
void cr_tcp_open_window(int fd, size_t len);
/* Has what has come acknowledged at once, if it is not yet. */
void cr_tcp_acknowledge(int fd);
/* Has the kernel look at the window and tell the sender of it. */
void cr_tcp_tell_window(int fd);
/* Nothing will come any more. */
bool cr_tcp_has_fin(int state);
bool cr_tcp_sent_fin(int state);
/* A client that its listener knows nothing of, though it may have answered. */
bool cr_tcp_is_forgotten(const struct cr_inet *k);
bool cr_tcp_has_listener(struct cr_inet **all, size_t n, const union cr_inet_name *at);

/* tcp_members.c: connections with other members, by what they tell. */
int cr_tcp_save_members(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err);

/* tcp_backlog.c: what waits to be accepted, when it is known who is whose peer. */
int cr_tcp_save_backlogs(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err);

/* tcp_restore.c */
struct cr_inet_new {
	const cairn_InetSocket *m;
	union cr_inet_name local, remote;
	int fd; /* -1: not made yet */
	cairn_InetPeer kind; /* as in the record, unless its other end's member is not there */
	struct cr_inet_new *peer;
	bool shares_port; /* with others, for which the kernel chose it */
};

struct cr_places;

/* places: where the job's other members are, or NULL. */
int cr_tcp_restore(struct cr_restore *r, struct cr_inet_new *all, size_t n,
		   struct cr_places *places, struct cr_err *err);
int cr_tcp_socket(const cairn_InetSocket *m, struct cr_err *err);

/*
 * bind(), also where connections of a killed job linger in TIME-WAIT: tcp_time_wait.c.
 * CR_EXIT_CHANGED says who has the address.
 */
int cr_tcp_bind(int fd, const union cr_inet_name *name, struct cr_err *err);
/* Its other end is gone and may be asked for its name: one of ours will have it. */
bool cr_tcp_wants_name(const struct cr_inet_new *k);
/* A connection that nobody has any more holds it. */
bool cr_tcp_lingers(const union cr_inet_name *name);
/* Has as many of those end as can be, before any of these addresses is taken. */
void cr_tcp_end_lingering(const struct cr_inet_new *all, size_t n);
/* The same, where another port will do: not for long, and -errno. */
int cr_tcp_try_bind(int fd, const union cr_inet_name *name);
/*
 * For the end that connects: where the port is taken it may share it with others that the kernel
 * has chosen it for; at once where *shares is set. cr_tcp_connect() takes whichever of both is to
 * be had.
 */
int cr_tcp_bind_connecting(int fd, const union cr_inet_name *local,
			   const union cr_inet_name *remote, bool *shares, struct cr_err *err);
int cr_tcp_connect(int fd, const union cr_inet_name *local, const union cr_inet_name *remote,
		   bool *shares);
/* Then, if it shares one: takes back how that was asked for. */
void cr_tcp_shared_port(int fd, const cairn_InetSocket *m);

/* tcp_diag.c: a connection as sock_diag shows it. */
struct cr_tcp_seen {
	int state;
	uint32_t inode; /* 0: nobody has it */
	uint32_t uid;
	uint32_t unread; /* bytes, an urgent one and an end among them */
	union cr_inet_name local, remote;
};

/* Calls fn for each in these states (1 << CR_TCP_...), from a local port if that is not 0. */
void cr_tcp_each(int family, unsigned int states, uint16_t port,
		 bool (*fn)(const struct cr_tcp_seen *seen, void *arg), void *arg);
bool cr_tcp_look(const union cr_inet_name *local, const union cr_inet_name *remote,
		 struct cr_tcp_seen *seen);

/* UDP sockets that shutdown() was called for: 1 for reading, 2 for writing. */
void cr_udp_each_shutdown(int family, int protocol,
			  void (*fn)(uint32_t inode, unsigned int how, void *arg), void *arg);

/* tcp_repair.c */
int cr_tcp_repair_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err);
void cr_tcp_repair_end(int fd, int reuse);
int cr_tcp_repair_restore(struct cr_restore *r, struct cr_inet_new *k, struct cr_err *err);

/* ---- UDP: udp.c ---- */

struct cr_multicast_groups;

int cr_udp_save(struct cr_save *s, struct cr_inet *k, struct cr_inet **all, size_t n,
		struct cr_err *err);
/* Makes them; then fills and connects them, when TCP's are made. */
int cr_udp_open(struct cr_restore *r, struct cr_inet_new *all, size_t n, struct cr_places *places,
		struct cr_err *err);
int cr_udp_restore(struct cr_restore *r, struct cr_inet_new *all, size_t n, struct cr_err *err);

/* multicast.c; the cache is of one save, freed by the caller. */
int cr_multicast_save(struct cr_save *s, struct cr_inet *k, struct cr_multicast_groups **cache,
		      struct cr_err *err);
void cr_multicast_free(struct cr_multicast_groups *g);
int cr_multicast_restore(struct cr_restore *r, int fd, const cairn_InetSocket *m,
			 struct cr_err *err);
