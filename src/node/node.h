// SPDX-License-Identifier: Apache-2.0
//
// crnode: the daemon of a node. It holds the node's lease, runs members of jobs, passes messages
// between their shepherds and the coordinator, and keeps images. One thread, one libevent loop.
//
// Invariant: what comes in is handled only after cr_node_turn() has seen that the lease is not
// over. So a node that stood still (stopped, frozen, asleep) ends its members before anything else.
#pragma once

#include <event2/event.h>
#include <limits.h>
#include <sys/types.h>

#include "cluster.pb.h"
#include "common/io.h"
#include "net/address.h"
#include "net/link.h"
#include "node/node_options.h"

#define CR_NODE_NAME 64
#define CR_NODE_ADDRESSES 8
#define CR_NODE_TICK_MS 50 /* of what is looked at again and again */
#define CR_NODE_IDLE_MS 250 /* the same, while there is nothing to look at */

struct cr_node;
struct cr_node_client;
struct cr_users;

/* A process that must not be mistaken for a later one of the same number. */
struct cr_node_pid {
	pid_t pid; /* 0: none */
	uint64_t start; /* as in /proc/PID/stat */
	int fd; /* pidfd, -1 when it has ended */
	struct event *event;
};

typedef CR_LIST(struct cr_node_pid) cr_node_pids;

/* A message that waits for whom it is for. */
struct cr_node_parcel {
	cairn_ClusterMsg msg;
	void *payload;
	size_t len;
};

/* A member of a job on this node. */
struct cr_node_member {
	struct cr_node_member *next;
	struct cr_node *node;
	cairn_MemberId id;
	unsigned int uid, gid, members, operation, writing; /* image that it writes, or 0 */
	char name[CR_NODE_NAME * 2];
	cairn_MemberState state;
	struct cr_node_pid launcher; /* that we forked; of a restart the shepherd is another */
	struct cr_node_pid shepherd; /* that connected */
	int status; /* wait status of the launcher, -1: not known */
	int report; /* where it says why it could not even be executed, or -1 */
	cr_node_pids seen; /* its processes when last looked at */
	struct cr_node_client *client; /* the shepherd's connection, or NULL */
	unsigned int ordered; /* operation of the last checkpoint that it was told to make */
	bool fenced; /* its lease ran out */
	bool late; /* and that was seen late */
	bool ended; /* nothing of it shall live; it is gone when nothing does */
	bool told; /* what became of it has been told by its shepherd: last */
	int64_t kill_ns; /* when it is to be killed from outside, 0: not */
	size_t left; /* processes that there were to kill, the last time */
	cairn_MemberEvent last;
	struct cr_node_parcel arrive; /* not answered yet: told again to a new coordinator */
	CR_LIST(struct cr_node_parcel) waiting; /* for its shepherd to connect */
	struct cr_node_parcel successor; /* order to start its next life, once this one is over */
};

/* An event that the coordinator has perhaps not made durable yet. */
struct cr_node_outgoing {
	cairn_MemberEvent event;
	int64_t sent_ns; /* 0: not in this session */
};

/* Who is connected to our socket. */
struct cr_node_client {
	struct cr_node_client *next;
	struct cr_node *node;
	struct cr_link *link;
	uid_t uid;
	gid_t gid;
	pid_t pid;
	unsigned int asked; /* requests that are not answered */
	int64_t heard_ns; /* when its last message came */
	struct cr_node_member *member; /* whose shepherd it is */
};

/* A request of a client's that is not answered. */
struct cr_node_request {
	struct cr_node_request *next;
	struct cr_node_client *client;
	uid_t uid; /* its */
	uint64_t theirs; /* its id at the client; ours is in parcel */
	struct cr_node_parcel parcel;
	int64_t since_ns; /* without a coordinator */
	bool sent, answered; /* answered: a row has come */
};

struct cr_node_coordinator {
	struct sockaddr_storage at;
	socklen_t len;
	char text[CR_ADDRESS_TEXT];
	int64_t refused_ns; /* when the last attempt began that was refused */
};

struct cr_node_uplink {
	struct cr_node_coordinator at[4];
	size_t n, current;
	struct cr_link *link;
	bool open; /* the link is up */
	bool welcome;
	bool once; /* has been welcome */
	uint64_t session;
	int64_t began_ns, retry_ns; /* connecting since; next attempt */
	unsigned int delay_ms, unanswered;
	int64_t beat_ns, acked_ns; /* last heartbeat; last one that was answered */
	char trouble[256]; /* told last */
	struct cr_node_parcel command; /* that several members are started with */
};

struct cr_node_lease {
	int64_t until_ns; /* CLOCK_BOOTTIME */
	unsigned int ms, heartbeat_ms;
	bool over;
	struct event *timer;
};

struct cr_node {
	struct cr_node_options options;
	char name[CR_NODE_NAME], store[PATH_MAX], socket[PATH_MAX], boot_id[40], folder[PATH_MAX];
	uint64_t store_id;
	bool privileged;
	struct event_base *base;
	struct cr_trust *trust;
	struct cr_listener *listener;
	struct cr_users *users;
	int lock; /* of the store; its content: the lease */
	char **argv;
	struct cr_node_uplink up;
	struct cr_node_lease lease;
	struct cr_node_member *members;
	bool dirty; /* facts have changed that decisions about members follow from */
	struct event *work; /* which are made */
	int64_t looked_ns; /* at the processes of members */
	struct cr_node_client *clients;
	struct cr_node_request *requests;
	CR_LIST(struct cr_node_outgoing) outbox;
	uint64_t next_request;
	bool known_changed; /* the file of members is to be written */
	bool drained; /* asked to */
	int64_t drain_ns; /* when we end at the latest, 0: do not */
	bool again; /* execute ourselves again */
	int status; /* to end with */
	int64_t leaving_ns; /* when that was told */
	char addresses[CR_NODE_ADDRESSES][48];
	size_t naddresses;
	unsigned int image_port, vouch_port;
	int criu; /* version of the one that works here, 0: none */
	bool criu_users; /* of ordinary ones */
	uint64_t store_bytes, store_free;
	int64_t free_ns;
	int ready_fd;
	struct cr_store *images;
	struct cr_node_quorum *quorum;
	struct cr_node_beats *beats;
	struct cr_node_telemetry *telemetry;
	struct cr_node_notice *notice; /* NULL without --notice */
	int64_t deadline_ns; /* the machine ends then, 0: not that we know */
	char deadline_why[64];
	struct cr_node_drill *drill;
	struct event *tick, *signals[5];
	int64_t tick_ns; /* when it is due */
	cairn_ClusterMsg out;
};
