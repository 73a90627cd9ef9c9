// SPDX-License-Identifier: Apache-2.0
//
// Shared by the tests of links: a loop, a listener with one trust, ends that count what they get.
#pragma once

#include <event2/event.h>
#include <stdbool.h>

#include "cluster.pb.h"
#include "common/err.h"
#include "net/net_frame.h"
#include "net/link.h"
#include "unit.h"

struct net_end {
	struct cr_link *link;
	unsigned int ups, messages, drained, downs;
	size_t bytes; /* of payloads */
	uint64_t sum; /* over payloads */
	uint64_t last; /* Heartbeat.sent_ns */
	struct cr_err why;
	bool echo; /* sends each message back */
	void (*on_message)(struct net_end *end, const void *payload, size_t len);
	void (*on_up)(struct net_end *end);
	void (*on_down)(struct net_end *end);
};

extern const struct cr_link_handler net_handler;
extern struct event_base *net_base;
/* The last that the listener accepted. */
extern struct net_end net_served[64];
extern unsigned int net_nserved;

void net_setup(void);
void net_teardown(void);
/* Runs the loop until *what is at least n; false after 20 s. */
bool net_run_until(const unsigned int *what, unsigned int n);
void net_run_ms(int ms);
struct cr_trust *net_key(const char *name);
/* A certificate by an authority called ca, both made when they are not there. */
struct cr_trust *net_cert(const char *ca, const char *name);
struct cr_listener *net_listen(const struct cr_trust *trust);
/* Connects an end to a port of loopback. */
void net_connect(struct net_end *end, unsigned int port, const struct cr_trust *trust);
int net_plain_socket(unsigned int port);
bool net_send(struct net_end *end, uint64_t number, const void *payload, size_t len);
uint64_t net_sum(const void *data, size_t len);
