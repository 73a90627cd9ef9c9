// SPDX-License-Identifier: Apache-2.0
//
// Names of internet sockets.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
