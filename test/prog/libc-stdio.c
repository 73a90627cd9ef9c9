// SPDX-License-Identifier: Apache-2.0
/* Buffered output is written once, by whoever flushes it, and never by a checkpoint. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[64];
	FILE *f, *in;

	prog_init(argc, argv);
	prog_put("expect-out", "held back\nand ended\n");
	close(prog_file("text", 0, 0, O_RDONLY));
	f = fopen(prog_path("text"), "w+");
	CHECK(f);
	fprintf(f, "line %d\n", 1);
	fflush(f);
	fprintf(f, "line %d\n", 2);
	close(prog_file("input", 100, 5, O_RDONLY));
	in = fopen(prog_path("input"), "r");
	CHECK(in && fread(buf, 1, 10, in) == 10);
	setvbuf(stdout, NULL, _IOFBF, 4096);
	printf("held back\n");
	prog_ready();
	prog_wait();
	printf("and ended\n");
	fprintf(f, "line %d\n", 3);
	CHECK(!fseek(f, 0, SEEK_SET));
	CHECK(fread(buf, 1, sizeof(buf), f) == 21 && !memcmp(buf, "line 1\nline 2\nline 3\n", 21));
	CHECK_EQ(ftell(in), 10);
	prog_pass();
}
