// SPDX-License-Identifier: Apache-2.0
/* Three hundred processes at a time, born and gone all the while, some of them orphans. */
#include "churn.h"

/* Lives for a moment; every fourth leaves a child to whoever adopts it. */
static void brief(int n)
{
	if (n % 4 == 0 && !prog_fork()) {
		prog_nap_ms(20 + n % 30);
		_exit(0);
	}
	prog_nap_ms(150 + n * 7 % 300);
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	churn(12, 30, brief);
}
