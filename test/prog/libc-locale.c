// SPDX-License-Identifier: Apache-2.0
/* The locale, the time zone, strtok and rand state in the C library's data stay. */
#include "prog.h"

#include <locale.h>

int main(int argc, char **argv)
{
	char text[] = "a,b,c";
	char *zone;
	long a, b;

	prog_init(argc, argv);
	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "XYZ-3", 1);
	tzset();
	zone = strdup(setlocale(LC_ALL, NULL));
	srandom(7);
	a = random();
	b = random();
	srandom(7);
	CHECK(random() == a);
	CHECK(!strcmp(strtok(text, ","), "a"));
	prog_ready();
	prog_wait();
	CHECK(random() == b);
	CHECK(!strcmp(strtok(NULL, ","), "b"));
	CHECK(!strcmp(tzname[0], "XYZ") && timezone == -3 * 3600);
	CHECK(!strcmp(setlocale(LC_ALL, NULL), zone));
	prog_pass();
}
