// SPDX-License-Identifier: Apache-2.0
/* The busy-poll settings of a set, where the kernel has them. */
#include "epoll.h"

#include <sys/ioctl.h>

struct params {
	uint32_t usecs;
	uint16_t budget;
	uint8_t prefer, pad;
};

#define SET_PARAMS _IOW(0x8a, 1, struct params)
#define GET_PARAMS _IOR(0x8a, 2, struct params)

int main(int argc, char **argv)
{
	struct params p = { 50, 8, 1, 0 }, q = { 0 };
	int set;

	prog_init(argc, argv);
	set = epoll_create1(0);
	CHECK(set >= 0);
	if (ioctl(set, SET_PARAMS, &p))
		prog_skip("this kernel has no busy-poll settings for epoll");
	prog_ready();
	prog_wait();
	CHECK(!ioctl(set, GET_PARAMS, &q));
	CHECK(q.usecs == 50 && q.budget == 8 && q.prefer == 1);
	prog_pass();
}
