// SPDX-License-Identifier: Apache-2.0
//
// Calls with internet addresses.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

/* As the application shall see it, where it stands. */
void agent_address_virtual(int fd, void *name, socklen_t len);
/* A message as the kernel shall have it: m itself, or *copy, whose address is in *room. */
const struct msghdr *agent_message_real(int fd, const struct msghdr *m, struct msghdr *copy,
					struct sockaddr_in6 *room);
