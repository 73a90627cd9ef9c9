// SPDX-License-Identifier: Apache-2.0
/* Not a test: removes a POSIX message queue, for the runner. */
#include <mqueue.h>

int main(int argc, char **argv)
{
	return argc != 2 || mq_unlink(argv[1]);
}
