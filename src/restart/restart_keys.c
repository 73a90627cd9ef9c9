// SPDX-License-Identifier: Apache-2.0
//
// Protection keys of memory. The kernel hands them out in ascending order, so the ones that a
// process had are got by taking all and giving back the others; what a thread may do with them is
// in its registers. One that the kernel took for memory that may only run is left for it to take
// again. Runs in: a process that is about to become a saved one.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/x86_64/keys.h"
#include "restart/restart_keys.h"
#include "restart/restart.h"

bool cr_keys_given(const struct cr_process_image *p, const cairn_Vma *v)
{
	return p->core.keys >> v->key & 1;
}

void cr_keys_take(const struct cr_process_image *p)
{
	bool any = p->core.keys;
	size_t i;

	for (i = 0; i < p->vmas.n; i++)
		any = any || p->vmas.v[i].key;
	for (i = 1; i < CR_KEYS && any; i++)
		syscall(SYS_pkey_alloc, 0, 0);
	for (i = 0; i < p->vmas.n; i++)
		if (p->vmas.v[i].key && !cr_keys_given(p, &p->vmas.v[i]))
			syscall(SYS_pkey_free, p->vmas.v[i].key);
}
