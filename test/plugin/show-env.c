// SPDX-License-Identifier: Apache-2.0
//
// For the plugin env: as often as the file named by its argument appears, two processes write what
// getenv() finds; both end when there is a file "end". NEW2 shows as + if it is empty.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = { "GONE", "DISPLAY", "SLURM_A", "SLURM_B", "NEW", "KEPT" };

static const char *get(const char *name)
{
	return getenv(name) ? getenv(name) : "-";
}

static void show(const char *file)
{
	char name[64];
	size_t i;
	FILE *f;

	snprintf(name, sizeof(name), "%s.new", file);
	f = fopen(name, "w");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		fprintf(f, "%s ", get(names[i]));
	fprintf(f, "%s\n", *get("NEW2") ? "-" : "+");
	fclose(f);
	rename(name, file);
}

int main(int argc, char **argv)
{
	pid_t child = fork();
	const char *file = child ? "parent" : "child";
	int status = 0;

	while (access("end", F_OK)) {
		if (!access(argv[1], F_OK) && access(file, F_OK))
			show(file);
		usleep(10000);
		/* libc copes with the list that it did not make. */
		setenv("COUNTER", "1", 1);
		unsetenv("COUNTER");
	}
	if (child)
		waitpid(child, &status, 0);
	return status != 0;
}
