// SPDX-License-Identifier: Apache-2.0
/* Four processes each fork and wait for grandchildren that live a moment and overlap. */
#include "churn.h"

static void brief(int n)
{
	prog_nap_ms(n % 5);
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	churn(4, 3, brief);
}
