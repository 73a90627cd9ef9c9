// SPDX-License-Identifier: Apache-2.0
//
// Events as they happen, over HTTP; see http_stream.c.
#pragma once

struct co;
struct co_call;
struct event_base;

void co_http_stream(struct co_call *k);

struct co_streams *co_streams_new(struct event_base *base);
/* After the door, whose visitors have them. */
void co_streams_free(struct co_streams *s);
/* There is one more event: all are told, soon. */
void co_streams_wake(struct co_streams *s);
/* How many there are. */
unsigned int co_streams_count(const struct co_streams *s);
