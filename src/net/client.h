// SPDX-License-Identifier: Apache-2.0
//
// What commands ask the cluster: through the unix socket of this node's crnode, which tells the
// coordinator whose request it is. Blocks; one request at a time on a connection.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cluster.pb.h"

struct cr_err;

#define CR_ENV_COORDINATOR "CR_COORDINATOR"
#define CR_ENV_NODE_SOCKET "CR_NODE_SOCKET"

/*
 * Connects. address, --coordinator or NULL: with a slash in it, a unix socket to take instead of
 * the crnode's (such as STATE/control.sock); else it only says that the cluster is meant. The
 * crnode's is CR_NODE_SOCKET, or node.sock of the user's runtime directory, or
 * /run/cairn/node.sock. CR_EXIT_CLUSTER.
 */
int cr_client_connect(const char *address, struct cr_err *err);

/* The same, and where that was, to be connected to again. */
#define CR_CLIENT_PATH 108
int cr_client_find(const char *address, char path[CR_CLIENT_PATH], struct cr_err *err);
/* A descriptor or -errno. */
int cr_client_again(const char path[CR_CLIENT_PATH]);

/* Called for each row of an answer; false ends it early. */
typedef bool (*cr_client_row)(const cairn_Reply *reply, const void *payload, size_t len, void *arg);

/*
 * Sends q (its id is filled in) and waits for the whole answer. An answer that says no fills err
 * with its status and words.
 */
int cr_client_ask(int fd, cairn_Request *q, const void *payload, size_t len, cr_client_row row,
		  void *arg, struct cr_err *err);

/* What became of a job that was to run: an error if it could not, a line if it waits. */
int cr_client_outcome(const cairn_JobRow *job, struct cr_err *err);

/*
 * The payload of ASK_RUN: options of crlaunch (may be NULL) and the command, this process's
 * environment and working directory; q's counts are filled in. Malloced, NULL with err.
 */
void *cr_client_command(cairn_Request *q, char *const *options, char *const *command, size_t *len,
			struct cr_err *err);
