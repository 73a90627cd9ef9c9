// SPDX-License-Identifier: Apache-2.0
/*
 * Threads within libc's own locks, which know their owner: two of the dynamic linker's, one of them
 * held by way of dlsym, and that of setlocale. They are taken again by their owners within, given
 * back, and taken by others.
 */
#include <dlfcn.h>
#include <link.h>
#include <locale.h>

#include "prog.h"

static _Atomic int inside;

static int nothing(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)info;
	(void)size;
	(void)unused;
	return 1;
}

static int hold(struct dl_phdr_info *info, size_t size, void *unused)
{
	inside++;
	prog_wait();
	CHECK(dl_iterate_phdr(nothing, NULL) == 1);
	return nothing(info, size, unused);
}

static void *in_iteration(void *arg)
{
	CHECK(dl_iterate_phdr(hold, NULL) == 1);
	return arg;
}

static int seven(void)
{
	return 7;
}

/* Called when the symbol is looked up. */
static int (*resolve(void))(void)
{
	inside++;
	prog_wait();
	CHECK(dlsym(NULL, "main"));
	return seven;
}

int looked_up(void) __attribute__((ifunc("resolve"), used, visibility("default")));

static void *in_look_up(void *arg)
{
	int (*fn)(void) = (int (*)(void))dlsym(NULL, "looked_up");

	CHECK(fn && fn() == 7);
	return arg;
}

static void *in_locale(void *arg)
{
	inside++;
	/* Its file is a FIFO: until there is somebody at the other end. */
	CHECK(!setlocale(LC_CTYPE, "xx_YY"));
	return arg;
}

static void *all_again(void *arg)
{
	CHECK(dl_iterate_phdr(nothing, NULL) == 1);
	CHECK(dlsym(NULL, "main"));
	CHECK(setlocale(LC_ALL, "C"));
	return arg;
}

int main(int argc, char **argv)
{
	void *(*const held[])(void *) = { in_iteration, in_look_up, in_locale };
	pthread_t threads[ARRAY_SIZE(held)], other;
	size_t i;
	int fd;

	prog_init(argc, argv);
	CHECK(!setenv("LOCPATH", prog_path("."), 1));
	CHECK(!mkdir(prog_path("xx_YY"), 0700));
	CHECK(!mkfifo(prog_path("xx_YY/LC_CTYPE"), 0600));
	for (i = 0; i < ARRAY_SIZE(held); i++)
		CHECK(!pthread_create(&threads[i], NULL, held[i], NULL));
	while (inside < (int)ARRAY_SIZE(held))
		prog_nap_ms(1);
	prog_nap_ms(50);
	prog_ready();
	prog_wait();
	fd = open(prog_path("xx_YY/LC_CTYPE"), O_WRONLY);
	CHECK(fd >= 0 && !close(fd));
	for (i = 0; i < ARRAY_SIZE(held); i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(!pthread_create(&other, NULL, all_again, NULL));
	CHECK(!pthread_join(other, NULL));
	all_again(NULL);
	prog_pass();
}
