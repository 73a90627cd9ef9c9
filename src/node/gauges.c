// SPDX-License-Identifier: Apache-2.0
//
// See gauges.h. Each value comes from one small file of proc or sys; one that is missing, or is not
// as expected, is a value that is not known, and nothing else.
#include "node/gauges.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/io.h"
#include "node/cgroup_limits.h"

#define SECTOR 512.0

/* ---- CPUs ---- */

/* Ticks in which one was not idle, -1: not such a line. Time that a hypervisor took counts. */
static double busy_ticks(const char *line)
{
	double user, nice, system, idle, wait, irq = 0, soft = 0, steal = 0;

	if (sscanf(line, "%*s %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &wait,
		   &irq, &soft, &steal) < 5)
		return -1;
	return user + nice + system + irq + soft + steal;
}

/* Those that we may run on, as a cpuset leaves them; all, where that names none of them. */
static void read_cpus(int root, struct cr_gauges *g)
{
	double own = 0, all = 0, ticks = sysconf(_SC_CLK_TCK);
	unsigned int cpu, own_n = 0, all_n = 0;
	cr_auto_free char *text = NULL;
	const char *line;
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	if (cr_slurp(root, "proc/stat", &text) < 0)
		return;
	for (line = text; line; line = strchr(line, '\n')) {
		double busy;

		line += *line == '\n';
		/* The first line is the sum of all; what is behind the last of CPUs is long. */
		if (strncmp(line, "cpu", 3))
			break;
		busy = busy_ticks(line);
		if (line[3] == ' ' || busy < 0 || sscanf(line, "cpu%u", &cpu) != 1)
			continue;
		all += busy;
		all_n++;
		if (cpu < CPU_SETSIZE && CPU_ISSET(cpu, &set)) {
			own += busy;
			own_n++;
		}
	}
	if (!all_n)
		return;
	g->cpus = own_n ? own_n : all_n;
	g->cpu_used = (own_n ? own : all) / ticks;
}

/* ---- memory, pressure, disk ---- */

static double kib_behind(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	double value;

	return at && sscanf(at + strlen(word), "%lf", &value) == 1 ? value * 1024 : NAN;
}

static void read_memory(int root, struct cr_gauges *g)
{
	cr_auto_free char *text = NULL;

	if (cr_slurp(root, "proc/meminfo", &text) < 0)
		return;
	g->memory_bytes = kib_behind(text, "MemTotal:");
	g->memory_available = kib_behind(text, "MemAvailable:");
}

static double pressure_in(int root, const char *folder, const char *file)
{
	cr_auto_free char *text = NULL;
	char path[PATH_MAX];
	double value;

	snprintf(path, sizeof(path), "%.4000s/%s", folder, file);
	if (cr_slurp(root, path, &text) < 0 || sscanf(text, "some avg10=%lf", &value) != 1)
		return NAN;
	return value;
}

static void read_pressure(int root, const char *folder, struct cr_gauges *g)
{
	static const char *const names[] = { "cpu", "memory", "io" };
	char own[32];
	int i;

	for (i = 0; i < CR_PRESSURES; i++) {
		snprintf(own, sizeof(own), "%s.pressure", names[i]);
		g->pressure[i] = *folder ? pressure_in(root, folder, own) : NAN;
		if (isnan(g->pressure[i]))
			g->pressure[i] = pressure_in(root, "proc/pressure", names[i]);
	}
}

static void read_disk(int root, dev_t disk, struct cr_gauges *g)
{
	cr_auto_free char *text = NULL;
	double read, written, busy;
	char path[64];

	snprintf(path, sizeof(path), "sys/dev/block/%u:%u/stat", major(disk), minor(disk));
	if (!disk || cr_slurp(root, path, &text) < 0 ||
	    sscanf(text, "%*s %*s %lf %*s %*s %*s %lf %*s %*s %lf", &read, &written, &busy) != 3)
		return;
	g->disk_read = read * SECTOR;
	g->disk_written = written * SECTOR;
	g->disk_busy = busy / 1000;
}

dev_t cr_gauges_disk(int root, dev_t file_system)
{
	cr_auto_free char *text = NULL;
	char *line, *save = NULL, source[PATH_MAX];
	struct stat st;

	if (major(file_system))
		return file_system;
	if (cr_slurp(root, "proc/self/mountinfo", &text) < 0)
		return 0;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned int major_number, minor_number;
		const char *dash = strstr(line, " - ");

		if (dash && sscanf(line, "%*d %*d %u:%u", &major_number, &minor_number) == 2 &&
		    makedev(major_number, minor_number) == file_system &&
		    sscanf(dash, " - %*s %4095s", source) == 1 && *source == '/' &&
		    !stat(source, &st) && S_ISBLK(st.st_mode))
			return st.st_rdev;
	}
	return 0;
}

void cr_gauges_read(int root, dev_t disk, struct cr_gauges *g)
{
	struct cr_cgroup_limits limits;

	*g = (struct cr_gauges){ NAN, NAN, NAN, NAN, { NAN, NAN, NAN }, NAN, NAN, NAN };
	read_cpus(root, g);
	read_memory(root, g);
	cr_cgroup_limits(root, &limits);
	if (limits.cpus < g->cpus) {
		g->cpus = limits.cpus;
		g->cpu_used = limits.cpu_used;
	}
	if (limits.memory_bytes < g->memory_bytes)
		g->memory_bytes = limits.memory_bytes;
	if (limits.memory_available < g->memory_available)
		g->memory_available = limits.memory_available;
	read_pressure(root, limits.pressure, g);
	read_disk(root, disk, g);
}

/* ---- samples ---- */

/* Counters may begin anew; nothing is said of that time then. */
static double rate(double first, double now, double seconds)
{
	return now >= first && seconds > 0 ? (now - first) / seconds : NAN;
}

static double percent(double part)
{
	return part > 1 ? 100 : part * 100;
}

static void put_real(bool *has, double *to, double value)
{
	*has = isfinite(value);
	*to = *has ? value : 0;
}

static void gauges_put_bytes(bool *has, uint64_t *to, double value)
{
	*has = isfinite(value) && value >= 0;
	*to = *has ? value : 0;
}

void cr_gauges_sample(const struct cr_gauges *first, const struct cr_gauges *now, double seconds,
		      cairn_NodeSample *s)
{
	bool same = first->cpus == now->cpus;

	/* Another number of CPUs: other counters, perhaps. */
	put_real(&s->has_cpu_percent, &s->cpu_percent,
		 same ? percent(rate(first->cpu_used, now->cpu_used, seconds) / now->cpus) : NAN);
	put_real(&s->has_cpus, &s->cpus, now->cpus);
	gauges_put_bytes(&s->has_memory_bytes, &s->memory_bytes, now->memory_bytes);
	gauges_put_bytes(&s->has_memory_available, &s->memory_available, now->memory_available);
	put_real(&s->has_psi_cpu_percent, &s->psi_cpu_percent, now->pressure[CR_PRESSURE_CPU]);
	put_real(&s->has_psi_memory_percent, &s->psi_memory_percent,
		 now->pressure[CR_PRESSURE_MEMORY]);
	put_real(&s->has_psi_io_percent, &s->psi_io_percent, now->pressure[CR_PRESSURE_IO]);
	put_real(&s->has_disk_busy_percent, &s->disk_busy_percent,
		 percent(rate(first->disk_busy, now->disk_busy, seconds)));
	put_real(&s->has_disk_write_rate, &s->disk_write_rate,
		 rate(first->disk_written, now->disk_written, seconds));
	put_real(&s->has_disk_read_rate, &s->disk_read_rate,
		 rate(first->disk_read, now->disk_read, seconds));
}
