// SPDX-License-Identifier: Apache-2.0
//
// Signing in and out over HTTP, and whether all is well; see http_session.c.
#pragma once

struct co_call;

void co_http_follow_link(struct co_call *k);
void co_http_sign_in(struct co_call *k);
void co_http_sign_out(struct co_call *k);
void co_http_session(struct co_call *k);
void co_http_health(struct co_call *k);
