// SPDX-License-Identifier: Apache-2.0
//
// Numbers and names as people read them.
#include "objects/shape/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/* A character of UTF-8 that is none of the control characters; its length, or 0. */
static size_t printable(const unsigned char *p, size_t len)
{
	size_t n = p[0] >= 0xc2 && p[0] < 0xe0 ? 2 :
		   p[0] >= 0xe0 && p[0] < 0xf0 ? 3 :
		   p[0] >= 0xf0 && p[0] < 0xf5 ? 4 :
						 1;
	size_t i;

	if (n == 1)
		return p[0] >= 0x20 && p[0] < 0x7f;
	if (n > len || (p[0] == 0xc2 && p[1] < 0xa0))
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void cr_line(const char *format, ...)
{
	char *text = NULL;
	const unsigned char *p;
	size_t n, len;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	len = text ? strlen(text) : 0;
	while (len && text[len - 1] == ' ')
		len--;
	for (p = (unsigned char *)text; len; p += n, len -= n) {
		n = printable(p, len);
		if (n)
			fwrite(p, 1, n, stdout);
		else
			printf("\\x%02x", *p);
		n += !n;
	}
	putchar('\n');
	free(text);
}

void cr_append(char *to, size_t room, const char *format, ...)
{
	size_t n = strlen(to);
	va_list args;

	va_start(args, format);
	vsnprintf(to + n, room - n, format, args);
	va_end(args);
}

struct cr_text cr_bytes(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	struct cr_text t;
	double v = bytes;
	size_t u = 0;

	while (v >= 1023.95 && u < 6) {
		v /= 1024;
		u++;
	}
	snprintf(t.s, sizeof(t.s), u && v < 99.95 && v != (uint64_t)v ? "%.1f %s" : "%.0f %s", v,
		 units[u]);
	return t;
}

struct cr_text cr_some_bytes(uint64_t bytes)
{
	return bytes ? cr_bytes(bytes) : (struct cr_text){ "-" };
}

struct cr_text cr_percent(uint64_t part, uint64_t whole)
{
	double v = whole ? 100.0 * part / whole : 0;
	struct cr_text t;

	snprintf(t.s, sizeof(t.s),
		 v > 0 && v < 0.1  ? "<0.1%%" :
		 v > 0 && v < 9.95 ? "%.1f%%" :
				     "%.0f%%",
		 v);
	return t;
}

struct cr_text cr_count(uint64_t n, const char *thing)
{
	size_t len = strlen(thing);
	struct cr_text t;

	/* process, processes; copy, copies; fd, fds */
	snprintf(t.s, sizeof(t.s), "%llu %.*s%s", (unsigned long long)n,
		 (int)(n != 1 && thing[len - 1] == 'y' ? len - 1 : len), thing,
		 n == 1		       ? "" :
		 thing[len - 1] == 'y' ? "ies" :
		 thing[len - 1] == 's' ? "es" :
					 "s");
	return t;
}

struct cr_text cr_local_time(uint64_t wall_ns)
{
	time_t at = wall_ns / 1000000000;
	struct cr_text t = { "" };
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(t.s, sizeof(t.s), "%Y-%m-%d %H:%M:%S %z", &tm);
	return t;
}

struct cr_text cr_utc(uint64_t wall_ns)
{
	time_t at = wall_ns / 1000000000;
	struct cr_text t = { "" };
	struct tm tm;
	size_t n;

	if (gmtime_r(&at, &tm)) {
		n = strftime(t.s, sizeof(t.s), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(t.s + n, sizeof(t.s) - n, ".%03uZ",
			 (unsigned int)(wall_ns / 1000000 % 1000));
	}
	return t;
}

struct cr_text cr_duration(int64_t ns)
{
	struct cr_text t;
	double s = ns / 1e9;

	if (s >= 172800)
		snprintf(t.s, sizeof(t.s), "%.1f days", s / 86400);
	else if (s >= 3600)
		snprintf(t.s, sizeof(t.s), "%.1f h", s / 3600);
	else if (s >= 1 || s <= 0)
		snprintf(t.s, sizeof(t.s), s < 100 ? "%.3g s" : "%.0f s", s);
	else
		snprintf(t.s, sizeof(t.s), "%.4g ms", s * 1e3);
	return t;
}

struct cr_text cr_user_name(uint32_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	struct cr_text t;

	if (pw)
		snprintf(t.s, sizeof(t.s), "%.60s (%u)", pw->pw_name, uid);
	else
		snprintf(t.s, sizeof(t.s), "user %u", uid);
	return t;
}

struct cr_text cr_endpoint_text(const void *addr, size_t len)
{
	char host[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in6 a = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a;
	struct cr_text t = { "-" };
	sa_family_t family;

	if (len < sizeof(family))
		return t;
	memcpy(&a, addr, len < sizeof(a) ? len : sizeof(a));
	family = a.sin6_family;
	if (family == AF_INET && len >= sizeof(*v4)) {
		inet_ntop(family, &v4->sin_addr, host, sizeof(host));
		snprintf(t.s, sizeof(t.s), "%s:%u", host, ntohs(v4->sin_port));
	} else if (family == AF_INET6 && len >= sizeof(a)) {
		inet_ntop(family, &a.sin6_addr, host, sizeof(host));
		snprintf(t.s, sizeof(t.s), "[%s]:%u", host, ntohs(a.sin6_port));
	} else if (family) {
		snprintf(t.s, sizeof(t.s), "(address family %u)", family);
	}
	return t;
}

struct cr_text cr_unix_name(const void *name, size_t len)
{
	const unsigned char *p = name;
	struct cr_text t = { "" };
	size_t i;

	for (i = 0; i < len; i++)
		if (i == 0 && !p[0])
			cr_append(t.s, sizeof(t.s), "@");
		else if (p[i] > 0x20 && p[i] < 0x7f)
			cr_append(t.s, sizeof(t.s), "%c", p[i]);
		else
			cr_append(t.s, sizeof(t.s), "\\x%02x", p[i]);
	return t;
}

struct cr_text cr_signal_name(int number)
{
	const char *name = sigabbrev_np(number);
	struct cr_text t;

	if (name)
		snprintf(t.s, sizeof(t.s), "SIG%s", name);
	else
		snprintf(t.s, sizeof(t.s), "signal %d", number);
	return t;
}

struct cr_text cr_exit_text(int wait_status)
{
	struct cr_text t = { "" };

	if (WIFSIGNALED(wait_status))
		cr_append(t.s, sizeof(t.s), "killed by %s",
			  cr_signal_name(WTERMSIG(wait_status)).s);
	else
		snprintf(t.s, sizeof(t.s), "exited with %d", WEXITSTATUS(wait_status));
	return t;
}
