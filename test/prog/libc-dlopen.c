// SPDX-License-Identifier: Apache-2.0
/* Libraries loaded before work on and others can be loaded and unloaded afterwards. */
#include "prog.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
	double (*cosine)(double);
	void *m, *late;

	prog_init(argc, argv);
	m = dlopen("libm.so.6", RTLD_NOW);
	CHECK(m);
	cosine = (double (*)(double))dlsym(m, "cos");
	CHECK(cosine);
	prog_ready();
	while (!prog_done()) {
		CHECK(cosine(0) == 1);
		prog_nap();
	}
	late = dlopen("libresolv.so.2", RTLD_NOW);
	CHECK(late && dlsym(late, "ns_name_ntop") != NULL);
	CHECK(!dlclose(late) && !dlclose(m));
	prog_pass();
}
