// SPDX-License-Identifier: Apache-2.0
//
// Two processes with a "GPU" open, and one without: the device is a file of $CUDA_FAKE, its memory
// that file's content, and a thread plays the driver's part (test/plugin/cuda-checkpoint). Each
// counts in its device's memory for as long as it is running; the counts are in count.0 and
// count.1. Ends well with a file "end" if no count was lost or made while it was locked.
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char fake[3000], state[32] = "running";
static int device = -1, number;
static long memory; /* of the device, while it is not open */
static volatile int wrong;

static void put(const char *name, const char *text)
{
	char path[4096], temporary[4200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fake, name);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	f = fopen(temporary, "w");
	fputs(text, f);
	fclose(f);
	rename(temporary, path);
}

static void open_device(void)
{
	char path[4096];

	/* Nothing of the old one is left: all of its memory has to come from us. */
	snprintf(path, sizeof(path), "%s/nvidia%d", fake, number);
	unlink(path);
	device = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (device < 0 || pwrite(device, &memory, sizeof(memory), 0) != sizeof(memory))
		wrong = 1;
}

static void become(const char *want)
{
	if (!strcmp(want, "checkpointed")) {
		if (pread(device, &memory, sizeof(memory), 0) != sizeof(memory))
			wrong = 2;
		close(device);
		device = -1;
	} else if (!strcmp(want, "locked") && !strcmp(state, "checkpointed")) {
		open_device();
		memory = -1;
	}
	strcpy(state, want);
}

static void *driver(void *arg)
{
	char path[4096], want[32], name[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%d.want", fake, getpid());
	snprintf(name, sizeof(name), "%d.cuda", getpid());
	put(name, "");
	snprintf(name, sizeof(name), "%d.state", getpid());
	for (;;) {
		usleep(5000);
		f = fopen(path, "r");
		if (!f)
			continue;
		unlink(path);
		if (fscanf(f, "%31s", want) == 1 && *want != '?' && strcmp(want, state)) {
			pthread_mutex_lock(&lock);
			become(want);
			pthread_mutex_unlock(&lock);
		}
		fclose(f);
		put(name, state);
	}
	return NULL;
}

static int use(int n)
{
	char name[4096], text[32];
	long count = 0, have = 0;
	pthread_t thread;
	int file;

	number = n;
	open_device();
	pthread_create(&thread, NULL, driver, NULL);
	snprintf(name, sizeof(name), "%s/count.%d", fake, n);
	file = open(name, O_RDWR | O_CREAT, 0600);
	while (access("end", F_OK)) {
		pthread_mutex_lock(&lock);
		if (!strcmp(state, "running")) {
			if (pread(device, &have, sizeof(have), 0) != sizeof(have) || have != count)
				wrong = 3;
			count++;
			if (pwrite(device, &count, sizeof(count), 0) != sizeof(count))
				wrong = 4;
		}
		pthread_mutex_unlock(&lock);
		snprintf(text, sizeof(text), "%20ld\n", count);
		if (pwrite(file, text, 21, 0) != 21)
			wrong = 5;
		usleep(10000);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	int i, status, ret = 0;

	snprintf(fake, sizeof(fake), "%s", getenv("CUDA_FAKE"));
	for (i = 0; i < 3; i++)
		if (!fork()) {
			if (i < 2)
				_exit(use(i));
			while (access("end", F_OK))
				usleep(10000);
			_exit(0);
		}
	while (wait(&status) > 0)
		ret |= !WIFEXITED(status) ? 9 : WEXITSTATUS(status);
	return ret;
}
