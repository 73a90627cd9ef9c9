// SPDX-License-Identifier: Apache-2.0
//
// Jobs, nodes, events and the cluster over HTTP; see http_rows.c.
#pragma once

struct co_call;

void co_http_cluster(struct co_call *k);
void co_http_jobs(struct co_call *k);
void co_http_job(struct co_call *k);
void co_http_nodes(struct co_call *k);
void co_http_node(struct co_call *k);
void co_http_history(struct co_call *k);
void co_http_events(struct co_call *k);
