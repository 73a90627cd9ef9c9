// SPDX-License-Identifier: Apache-2.0
//
// The members of jobs on this node; see node_members.c.
#pragma once

#include "node/node.h"

struct cr_node_member *cr_member_of(struct cr_node *n, const cairn_MemberId *id);
struct cr_node_member *cr_node_member(struct cr_node *n, const cairn_MemberId *id);
void cr_node_member_free(struct cr_node_member *m);
void cr_member_shepherd(struct cr_node_member *m, struct cr_node_client *c);
bool cr_member_watch(struct cr_node_member *m, struct cr_node_pid *p, pid_t pid, uint64_t start);
void cr_pid_unwatch(struct cr_node_pid *p);
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
unsigned int cr_members_count(const struct cr_node *n);
