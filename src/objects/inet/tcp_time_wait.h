// SPDX-License-Identifier: Apache-2.0
//
// Taking an address again on which the killed job's connections still hold.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/image.h"

struct cr_err;
struct cr_inet_new;
union cr_inet_name;

/*
 * bind(), also where connections of a killed job linger in TIME-WAIT.
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
