// SPDX-License-Identifier: Apache-2.0
//
// Drives the fuzzer of frames where libFuzzer is not there: good messages, changed at random.
//   frame SECONDS [SEED]   fuzzes for so long; what failed can be had again by its seed
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.pb.h"
#include "common/defs.h"
#include "common/io.h"
#include "fuzz.h"
#include "net/net_frame.h"
#include "sample.h"

static uint8_t input[65536];
static size_t size;

/* A message of any kind, its fields at random, with a payload or none. */
static void add_message(uint64_t *rng)
{
	static cairn_ClusterMsg m;
	size_t payload = sample_random(rng) % 3 ? 0 : sample_random(rng) % 300, i;
	ssize_t n;

	memset(&m, 0, sizeof(m));
	m.session = sample_random(rng);
	switch (sample_random(rng) % 5) {
	case 0:
		m.which_body = cairn_ClusterMsg_hello_tag;
		strcpy(m.body.hello.name, "node");
		m.body.hello.labels_count = sample_random(rng) % 4;
		break;
	case 1:
		m.which_body = cairn_ClusterMsg_reply_tag;
		m.body.reply.which_row = cairn_Reply_event_tag;
		strcpy(m.body.reply.row.event.text, "something has happened");
		break;
	case 2:
		m.which_body = cairn_ClusterMsg_arrive_tag;
		strcpy(m.body.arrive.step, "stopped");
		break;
	case 3:
		m.which_body = cairn_ClusterMsg_request_tag;
		m.body.request.has_policy = true;
		m.body.request.policy.interval = 1.5;
		break;
	default:
		m.which_body = cairn_ClusterMsg_heartbeat_tag;
		m.body.heartbeat.sent_ns = sample_random(rng);
	}
	n = cr_frame_encode(input + size, 4096, cairn_ClusterMsg_fields, &m, payload);
	if (n < 0)
		abort();
	size += n;
	for (i = 0; i < payload; i++)
		input[size++] = sample_random(rng);
}

static void mutate(uint64_t *rng)
{
	uint64_t r = sample_random(rng);
	size_t at = r % size, n = 1 + (r >> 40) % 8;

	switch ((r >> 32) % 4) {
	case 0:
		input[at] ^= 1 << (r >> 50) % 8;
		break;
	case 1:
		input[at] = r >> 50;
		break;
	case 2:
		if (at + n < size) {
			memmove(input + at, input + at + n, size - at - n);
			size -= n;
		}
		break;
	default:
		memset(input + at, r >> 60 & 1 ? 0xff : 0, size - at < n ? size - at : n);
	}
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 10;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + seconds * 1e9;
	unsigned long runs;

	printf("fuzz: frames, seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	for (runs = 0; cr_now_ns(CLOCK_MONOTONIC) < end; runs++) {
		uint64_t rng = (seed + runs) * 0x9e3779b97f4a7c15ull | 1;
		unsigned int n = 1 + sample_random(&rng) % 6;

		input[0] = sample_random(&rng);
		for (size = 1; n--;)
			add_message(&rng);
		n = runs % 16 ? 1u << sample_random(&rng) % 4 : 0;
		while (n--)
			mutate(&rng);
		LLVMFuzzerTestOneInput(input, size);
	}
	printf("fuzz: %lu inputs of frames\n", runs);
	return 0;
}
