// SPDX-License-Identifier: Apache-2.0
/*
 * Threads that allocate, fill, check and free, and a main thread that executes itself now and then:
 * until the file "enough" is there. Then "PASS" goes to standard output.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 3
#define KEPT 64

static _Atomic int over;
static _Atomic long rounds;

static void fail(const char *what)
{
	printf("FAIL: %s\n", what);
	fflush(stdout);
	_exit(1);
}

static void check(const unsigned char *p, size_t n, unsigned char c)
{
	for (size_t i = 0; p && i < n; i++)
		if (p[i] != c)
			fail("memory has changed");
}

static void *work(void *arg)
{
	unsigned char *kept[KEPT] = { 0 };
	size_t sizes[KEPT] = { 0 };
	unsigned int seed = (size_t)arg, i;

	while (!over) {
		i = rand_r(&seed) % KEPT;
		check(kept[i], sizes[i], i);
		free(kept[i]);
		sizes[i] = rand_r(&seed) % (rand_r(&seed) % 8 ? 500 : 50000) + 1;
		kept[i] = malloc(sizes[i]);
		if (!kept[i])
			fail("malloc");
		memset(kept[i], i, sizes[i]);
		if (++rounds % 16 == 0)
			usleep(500);
	}
	for (i = 0; i < KEPT; i++) {
		check(kept[i], sizes[i], i);
		free(kept[i]);
	}
	return arg;
}

static void execute(const char *path)
{
	char text[16] = "", command[256];
	FILE *p;

	snprintf(command, sizeof(command), "%s child", path);
	p = popen(command, "r");
	if (!p || !fgets(text, sizeof(text), p) || pclose(p) || strcmp(text, "child\n"))
		fail("the child");
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	size_t i;

	if (argc > 1) {
		free(malloc(100));
		puts("child");
		return 0;
	}
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)))
			fail("pthread_create");
	close(open("ready", O_CREAT, 0600));
	while (access("enough", F_OK)) {
		execute(argv[0]);
		usleep(50000);
	}
	over = 1;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	puts("PASS");
	return 0;
}
