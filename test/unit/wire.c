// SPDX-License-Identifier: Apache-2.0
//
// Messages over a socket pair: whole ones, foreign ones, with descriptors and without.
#include "common/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "agent.pb.h"
#include "control.pb.h"
#include "unit.h"

_Static_assert(cairn_AgentMsg_size < CR_WIRE_MAX && cairn_ShepherdMsg_size < CR_WIRE_MAX &&
	       cairn_ControlReply_size < CR_WIRE_MAX, "every message fits a packet");

#define AGENT_TAGS (cairn_AgentMsg_msg.largest_tag)
#define SHEPHERD_TAGS (cairn_ShepherdMsg_msg.largest_tag)

static struct cr_wire wire;
static int pair[2];
static uint64_t state = 88172645463325252ull;

union message {
	cairn_AgentMsg agent;
	cairn_ShepherdMsg shepherd;
	cairn_ControlRequest request;
	cairn_ControlReply reply;
};

static union message out, in;

static void setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void teardown(void)
{
	close(pair[0]);
	close(pair[1]);
}

static void there_and_back(const pb_msgdesc_t *type, pb_size_t which, bool full)
{
	int fds[CR_WIRE_FDS], n = -1;

	memset(&out, 0, sizeof(out));
	memset(&in, 0xa5, sizeof(in));
	sample_fill(type, &out, full, which, &state);
	ck_assert_int_eq(cr_wire_send(pair[0], &wire, type, &out, NULL, 0), 0);
	ck_assert_int_eq(cr_wire_recv(pair[1], &wire, type, &in, fds, &n, 0), 1);
	ck_assert_int_eq(n, 0);
	unit_same(type, &out, &in);
}

START_TEST(roundtrip)
{
	pb_size_t tag;

	for (tag = 1; tag <= AGENT_TAGS; tag++) {
		there_and_back(cairn_AgentMsg_fields, tag, _i);
		ck_assert_uint_eq(in.agent.which_body, out.agent.which_body);
	}
	for (tag = 1; tag <= SHEPHERD_TAGS; tag++) {
		there_and_back(cairn_ShepherdMsg_fields, tag, _i);
		ck_assert_uint_eq(in.shepherd.which_body, out.shepherd.which_body);
	}
	there_and_back(cairn_ControlRequest_fields, 0, _i);
	there_and_back(cairn_ControlReply_fields, 0, _i);
}
END_TEST

/* All zero encodes to nothing, yet is a message and not the end. */
START_TEST(empty)
{
	memset(&out, 0, sizeof(out));
	memset(&in, 0xff, sizeof(in));
	ck_assert_int_eq(
		cr_wire_send(pair[0], &wire, cairn_ControlRequest_fields, &out, NULL, 0), 0);
	ck_assert_int_eq(
		cr_wire_recv(pair[1], &wire, cairn_ControlRequest_fields, &in, NULL, NULL, 0), 1);
	ck_assert_uint_eq(in.request.version, 0);
	ck_assert_int_eq(in.request.intent, cairn_Intent_INTENT_LAUNCH);
}
END_TEST

static int receive_agent(void)
{
	return cr_wire_recv(pair[1], &wire, cairn_AgentMsg_fields, &in, NULL, NULL, 0);
}

static int receive(int *fds, int *n, int flags)
{
	return cr_wire_recv(pair[1], &wire, cairn_ControlRequest_fields, &in, fds, n, flags);
}

static void send_request(const int *fds, int n)
{
	out.request = (cairn_ControlRequest){ .version = 7, .verb = cairn_Verb_VERB_KILL };
	ck_assert_int_eq(
		cr_wire_send(pair[0], &wire, cairn_ControlRequest_fields, &out, fds, n), 0);
}

START_TEST(descriptors)
{
	static const int counts[] = { 1, 2, 127, CR_WIRE_FDS };
	int give[CR_WIRE_FDS], got[CR_WIRE_FDS], i, n, before, k = counts[_i];
	struct stat a, b;

	for (i = 0; i < k; i++)
		give[i] = open(i % 2 ? "/dev/zero" : "/dev/null", O_RDONLY);
	before = unit_open_fds();
	send_request(give, k);
	ck_assert_int_eq(receive(got, &n, 0), 1);
	ck_assert_uint_eq(in.request.version, 7);
	ck_assert_int_eq(n, k);
	for (i = 0; i < k; i++) {
		ck_assert_int_eq(fstat(give[i], &a), 0);
		ck_assert_int_eq(fstat(got[i], &b), 0);
		ck_assert_uint_eq(a.st_rdev, b.st_rdev);
		ck_assert_int_eq(fcntl(got[i], F_GETFD), FD_CLOEXEC);
		close(got[i]);
	}
	/* Not asked for: closed, not lost. */
	send_request(give, k);
	ck_assert_int_eq(receive(NULL, NULL, 0), 1);
	ck_assert_int_eq(unit_open_fds(), before);
	for (i = 0; i < k; i++)
		close(give[i]);
}
END_TEST

START_TEST(garbage)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12 }, /* endless number */
		{ "\x0a\x7f\x01", 3 },					    /* longer than it is */
		{ "\x0a", 1 },						    /* no length */
		{ "\x0f\x01", 2 },					    /* wire type 7 */
		{ "\x08\x01", 2 },					    /* number for message */
		{ "\x00\x01", 2 },					    /* field 0 */
		{ "\x0a\x02\x08\x80", 4 },				    /* cut within */
	};
	unsigned char noise[200];
	size_t i, k;
	int ret;

	for (i = 0; i < CR_ARRAY_SIZE(bad); i++) {
		ck_assert_int_gt(send(pair[0], bad[i].bytes, bad[i].len, 0), 0);
		ret = receive_agent();
		ck_assert_msg(ret == -EPROTO, "garbage %zu: %d", i, ret);
	}
	for (i = 0; i < 20000; i++) {
		size_t len = 1 + sample_random(&state) % sizeof(noise);

		for (k = 0; k < len; k++)
			noise[k] = sample_random(&state) >> 20;
		noise[0] = i % 2 ? (1 + i / 2 % AGENT_TAGS) << 3 | 2 : noise[0];
		ck_assert_int_gt(send(pair[0], noise, len, 0), 0);
		ret = receive_agent();
		ck_assert(ret == 1 || ret == -EPROTO);
	}
	/* It goes on working. */
	send_request(NULL, 0);
	ck_assert_int_eq(receive(NULL, NULL, 0), 1);
}
END_TEST

START_TEST(oversize)
{
	static char big[CR_WIRE_MAX + 1];
	static unsigned char payload[CR_WIRE_MAX];
	int before = unit_open_fds();

	memset(big, 0x7a, sizeof(big));
	ck_assert_int_eq(send(pair[0], big, sizeof(big), 0), sizeof(big));
	ck_assert_int_eq(receive(NULL, NULL, 0), -EPROTO);
	ck_assert_int_eq(unit_open_fds(), before);
	/* One unknown field that fills a packet to the brim is a message. */
	memcpy(payload, "\xfa\x7f\xfb\xff\x03", 5);
	ck_assert_int_eq(send(pair[0], payload, sizeof(payload), 0), sizeof(payload));
	ck_assert_int_eq(receive_agent(), 1);
	ck_assert_uint_eq(in.agent.which_body, 0);
	/* Counts beyond an array's room are not encoded. */
	memset(&out, 0, sizeof(out));
	out.shepherd.which_body = cairn_ShepherdMsg_ranges_tag;
	out.shepherd.body.ranges.ranges_count = CR_ARRAY_SIZE(out.shepherd.body.ranges.ranges) + 1;
	ck_assert_int_eq(cr_wire_send(pair[0], &wire, cairn_ShepherdMsg_fields, &out, NULL, 0),
			 -EMSGSIZE);
}
END_TEST

START_TEST(nothing_and_end)
{
	int n = 5;

	ck_assert_int_eq(receive(NULL, &n, MSG_DONTWAIT), -EAGAIN);
	ck_assert_int_eq(n, 0);
	send_request(NULL, 0);
	close(pair[0]);
	ck_assert_int_eq(receive(NULL, NULL, 0), 1);
	ck_assert_int_eq(receive(NULL, NULL, 0), 0);
	pair[0] = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(cr_wire_send(pair[1], &wire, cairn_AgentMsg_fields, &in, NULL, 0), -EPIPE);
}
END_TEST

TCase *unit_wire(void)
{
	TCase *c = tcase_create("wire");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, roundtrip, 0, 2);
	tcase_add_test(c, empty);
	tcase_add_loop_test(c, descriptors, 0, 4);
	tcase_add_test(c, garbage);
	tcase_add_test(c, oversize);
	tcase_add_test(c, nothing_and_end);
	return c;
}
