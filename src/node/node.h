// SPDX-License-Identifier: Apache-2.0
//
// crnode: the daemon of a node. It holds the node's lease, runs members of jobs, passes messages
// between their shepherds and the coordinator, and keeps images. One thread, one libevent loop.
//
// Invariant: what comes in is handled only after cr_lease_look() has seen that the lease is not
// over. So a node that stood still (stopped, frozen, asleep) ends its members before anything else.
#pragma once

#include <event2/event.h>
#include <limits.h>
#include <sys/types.h>

#include "cluster.pb.h"
#include "common/io.h"
#include "criu/find.h"
#include "net/link.h"
#include "net/users.h"
#include "node/options.h"

#define CR_NODE_NAME 64
#define CR_NODE_ADDRESSES 8
#define CR_NODE_TICK_MS 50 /* of what is looked at again and again */

struct cr_node;
struct cr_node_client;

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

bool cr_parcel_fill(struct cr_node_parcel *p, const cairn_ClusterMsg *msg, const void *payload,
		    size_t len);
void cr_parcel_free(struct cr_node_parcel *p);

/* A member of a job on this node. */
struct cr_node_member {
	struct cr_node_member *next;
	struct cr_node *node;
	cairn_MemberId id;
	unsigned int uid, gid, members, course, writing; /* image that it writes, or 0 */
	char name[CR_NODE_NAME * 2];
	cairn_MemberState state;
	struct cr_node_pid launcher; /* that we forked; of a restart the shepherd is another */
	struct cr_node_pid shepherd; /* that connected */
	int status; /* wait status of the launcher, -1: not known */
	int report; /* where it says why it could not even be executed, or -1 */
	cr_node_pids seen; /* its processes when last looked at */
	struct cr_node_client *client; /* the shepherd's connection, or NULL */
	unsigned int ordered; /* course of the last checkpoint that it was told to make */
	bool fenced; /* its lease ran out */
	bool ended; /* nothing of it shall live; it is gone when nothing does */
	bool told; /* what became of it has been told by its shepherd: last */
	int64_t kill_ns; /* when it is to be killed from outside, 0: not */
	cairn_MemberEvent last;
	struct cr_node_parcel arrive; /* not answered yet: told again to a new coordinator */
	CR_LIST(struct cr_node_parcel) waiting; /* for its shepherd to connect */
	struct cr_node_parcel successor; /* order to start its next life, once this one is over */
};

/* An event that the coordinator has perhaps not made durable yet. */
struct cr_node_told {
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
	struct cr_node_client *clients;
	struct cr_node_request *requests;
	CR_LIST(struct cr_node_told) told;
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
	struct cr_criu criu; /* that works here, version 0: none */
	uint64_t store_bytes, store_free;
	int64_t free_ns;
	int ready_fd;
	struct cr_store *images;
	struct cr_node_witnesses *witnesses;
	struct cr_node_beats *beats;
	struct event *tick, *signals[5];
	cairn_ClusterMsg out;
};

/* ---- run.c ---- */
int cr_node_init(struct cr_node *n, char **argv, struct cr_err *err);
int cr_node_run(struct cr_node *n);
void cr_node_free(struct cr_node *n);
static inline int64_t cr_node_now(void)
{
	return cr_now_ns(CLOCK_BOOTTIME);
}

/* ---- address.c: of the interfaces, or those given ---- */
int cr_node_addresses(struct cr_node *n, struct cr_err *err);

/* ---- uplink.c: the link to the coordinator ---- */
int cr_uplink_init(struct cr_node *n, struct cr_err *err);
void cr_uplink_tick(struct cr_node *n, int64_t now);
void cr_uplink_beat(struct cr_node *n);
void cr_uplink_close(struct cr_node *n);

/* ---- message.c: what leaves crnode ---- */
/* An empty message in n->out, to be filled in and given to cr_uplink_send(). */
cairn_ClusterMsg *cr_node_message(struct cr_node *n, pb_size_t which);
/* False when the coordinator is away. */
bool cr_uplink_send(struct cr_node *n, cairn_ClusterMsg *m, const void *payload, size_t len);
void cr_local_send(struct cr_node_client *c, const cairn_ClusterMsg *m, const void *payload,
		   size_t len);
/* Asks the coordinator to move our jobs away; end: and we end then. */
void cr_node_drain(struct cr_node *n, bool end);

/* ---- lease.c ---- */
int cr_lease_init(struct cr_node *n, struct cr_err *err);
/* False when the lease is over; its members are being ended then. */
bool cr_lease_look(struct cr_node *n);
void cr_lease_renew(struct cr_node *n, int64_t from_ns, unsigned int ms);
void cr_lease_tell(struct cr_node *n, struct cr_node_member *m);
unsigned int cr_lease_left(const struct cr_node *n);
/* What vouches while the coordinator is away. */
void cr_lease_refused(struct cr_node *n);

/* ---- local.c: the socket of this node's users ---- */
int cr_local_listen(struct cr_node *n, struct cr_err *err);
void cr_local_close(struct cr_node_client *c);
void cr_local_tick(struct cr_node *n, int64_t now);

/* ---- requests.c ---- */
void cr_request(struct cr_node_client *c, const cairn_Request *q, const void *payload, size_t len);
void cr_request_reply(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
		      size_t len);
void cr_requests_send(struct cr_node *n);
void cr_requests_lost(struct cr_node *n);
void cr_requests_tick(struct cr_node *n, int64_t now);
void cr_requests_gone(struct cr_node_client *c);

/* ---- members.c ---- */
struct cr_node_member *cr_member_of(struct cr_node *n, const cairn_MemberId *id);
struct cr_node_member *cr_node_member(struct cr_node *n, const cairn_MemberId *id);
void cr_node_member_free(struct cr_node_member *m);
void cr_member_shepherd(struct cr_node_member *m, struct cr_node_client *c);
bool cr_member_watch(struct cr_node_member *m, struct cr_node_pid *p, pid_t pid, uint64_t start);
/* Nothing of it shall live after so many milliseconds. */
void cr_member_end(struct cr_node_member *m, unsigned int ms);
void cr_member_event(struct cr_node_member *m, const cairn_MemberEvent *e);
void cr_member_arrive(struct cr_node_member *m, const cairn_ClusterMsg *msg, const void *payload,
		      size_t len);
/* To its shepherd, now or when that connects. */
void cr_member_pass(struct cr_node *n, const cairn_MemberId *id, const cairn_ClusterMsg *msg,
		    const void *payload, size_t len);
/* After Welcome: all that the coordinator must know. */
void cr_members_report(struct cr_node *n);
void cr_members_tick(struct cr_node *n, int64_t now);
unsigned int cr_members_count(const struct cr_node *n);

/* ---- told.c: events until they are durable at the coordinator ---- */
void cr_tell(struct cr_node *n, const cairn_MemberEvent *e);
void cr_tell_failed(struct cr_node *n, const cairn_MemberId *id, const struct cr_err *err);
void cr_told_again(struct cr_node *n);
void cr_told_acknowledged(struct cr_node *n, int64_t beat_ns);

/* ---- tree.c: the processes of a member, seen from outside ---- */
void cr_tree_look(struct cr_node_member *m);
/* Kills them all; how many there were to kill. */
size_t cr_tree_kill(struct cr_node_member *m);
uint64_t cr_pid_start(pid_t pid);

/* ---- known.c: who runs here, for a crnode that comes after us ---- */
void cr_known_write(struct cr_node *n);
int cr_known_read(struct cr_node *n, struct cr_err *err);

/* ---- start.c ---- */
void cr_node_start(struct cr_node *n, const cairn_ClusterMsg *msg, const void *payload, size_t len);
void cr_start_withdraw(struct cr_node *n, const cairn_MemberId *id);

/* ---- images.c ---- */
/* Where images come in: --image-listen. */
int cr_images_address(struct cr_node *n, struct sockaddr_storage *at, socklen_t *len,
		      struct cr_err *err);
/* holding() is told of each image that the store has, and of each change. */
int cr_images_init(struct cr_node *n, void (*holding)(const cairn_Holding *h, void *arg),
		   struct cr_err *err);
/* Bytes of the store that there are, and that are free. */
void cr_images_room(struct cr_node *n);
/* A member's folder, made if need be; of CR_PATH_MAX bytes. */
int cr_images_folder(const struct cr_node_member *m, char *out, struct cr_err *err);
void cr_images_free(struct cr_node *n);
void cr_images_report(struct cr_node *n);
void cr_images_pieces(struct cr_node_member *m, const cairn_Pieces *p, const void *payload,
		      size_t len);
void cr_images_written(struct cr_node_member *m, unsigned int number);
/* The one that it was writing comes to nothing. */
void cr_images_given_up(struct cr_node_member *m);
void cr_images_ship(struct cr_node *n, const cairn_Ship *s);
void cr_images_drop(struct cr_node *n, const cairn_Drop *d);
