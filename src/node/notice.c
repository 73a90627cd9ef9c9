// SPDX-License-Identifier: Apache-2.0
//
// Polls a cloud's metadata service for the notice that it takes this machine back, by libcurl in a
// thread of its own: the service may not answer, and the loop must not wait for it. When there is
// one the loop is woken, and drains the node within the time that is left.
//
// What comes is from the network: answers have a most of bytes and of time, nothing is followed,
// no proxy is asked. That the service cannot be reached is told once for each reason, and does no
// more: a node that never hears of a notice is lost one day like any other.
#include "node/notice.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"
#include "common/xalloc.h"
#include "net/urgent.h"
#include "node/message.h"
#include "node/node_run.h"
#include "node/notice_text.h"
#include "node/reconcile_member.h"

#define ANSWER_MAX 65536
#define ANSWER_MS 2000
#define TOKEN_SECONDS "21600"

struct cr_node_notice {
	enum cr_notice_from from;
	const char *address;
	double poll_s;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	atomic_bool stop;
	int fd; /* eventfd: there is one */
	struct event *event;
	struct cr_notice notice; /* written before the event */
	/* The thread's own. */
	CURL *curl;
	char *answer;
	size_t len;
	char token[512], own[128], trouble[256];
	bool answered_by_gcp;
};

const char *cr_notice_address(enum cr_notice_from from)
{
	static const char *const usual[] = {
		[CR_NOTICE_AWS] = "http://169.254.169.254",
		[CR_NOTICE_GCP] = "http://metadata.google.internal",
		[CR_NOTICE_AZURE] = "http://169.254.169.254",
		[CR_NOTICE_FILE] = NULL,
	};

	return usual[from];
}

/* ---- one question ---- */

static size_t on_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct cr_node_notice *t = arg;
	if (t->len + n > ANSWER_MAX)
		return 0;
	t->answer = cr_xrealloc(t->answer, t->len + n + 1);
	memcpy(t->answer + t->len, bytes, n);
	t->len += n;
	t->answer[t->len] = 0;
	return n;
}

/* So that nobody else is taken for it. */
static size_t on_header(char *bytes, size_t one, size_t n, void *arg)
{
	static const char flavor[] = "metadata-flavor: google";
	struct cr_node_notice *t = arg;

	if (n >= strlen(flavor) && !strncasecmp(bytes, flavor, strlen(flavor)))
		t->answered_by_gcp = true;
	return n;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	return ((struct cr_node_notice *)arg)->stop;
}

/* One reason, one line. */
static void notice_trouble(struct cr_node_notice *t, const char *path, const char *what)
{
	char text[sizeof(t->trouble)];

	snprintf(text, sizeof(text), "--notice: %.100s%.60s: %.80s", t->address, path, what);
	if (strcmp(text, t->trouble) && !t->stop)
		cr_say("%s", text);
	snprintf(t->trouble, sizeof(t->trouble), "%s", text);
}

static void set_limits(struct cr_node_notice *t)
{
	curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(t->curl, CURLOPT_MAXFILESIZE, (long)ANSWER_MAX);
	curl_easy_setopt(t->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(t->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(t->curl, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(t->curl, CURLOPT_NOPROGRESS, 0L);
}

/* The status, with the answer in t; 0: none came. */
static long http_ask(struct cr_node_notice *t, const char *method, const char *path,
		     const char *header)
{
	struct curl_slist *headers = curl_slist_append(NULL, header);
	char url[1024];
	CURLcode ret;
	long status = 0;

	snprintf(url, sizeof(url), "%s%s", t->address, path);
	t->len = 0;
	t->answered_by_gcp = false;
	curl_easy_reset(t->curl);
	set_limits(t);
	curl_easy_setopt(t->curl, CURLOPT_URL, url);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	if (strcmp(method, "GET"))
		curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, method);
	ret = headers ? curl_easy_perform(t->curl) : CURLE_OUT_OF_MEMORY;
	if (!ret)
		curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	else
		notice_trouble(t, path, curl_easy_strerror(ret));
	curl_slist_free_all(headers);
	return status;
}

static bool is_answer(struct cr_node_notice *t, const char *path, long status)
{
	char text[32];

	if (status == 200 && t->len) {
		t->trouble[0] = 0;
		return true;
	}
	snprintf(text, sizeof(text), "status %ld", status);
	if (status)
		notice_trouble(t, path, text);
	return false;
}

/* ---- the clouds ---- */

/* IMDSv2: each question has a token, which lasts for hours. */
static bool take_token(struct cr_node_notice *t)
{
	static const char path[] = "/latest/api/token";
	long status =
		http_ask(t, "PUT", path, "X-aws-ec2-metadata-token-ttl-seconds: " TOKEN_SECONDS);
	size_t n;

	if (!is_answer(t, path, status))
		return false;
	n = strcspn(t->answer, "\r\n");
	if (!n || n >= sizeof(t->token)) {
		notice_trouble(t, path, "that is no token");
		return false;
	}
	snprintf(t->token, sizeof(t->token), "%.*s", (int)n, t->answer);
	return true;
}

static bool ask_aws(struct cr_node_notice *t, int64_t now_ms, struct cr_notice *out)
{
	static const char path[] = "/latest/meta-data/spot/instance-action";
	char header[sizeof(t->token) + 32];
	long status;

	if (!*t->token && !take_token(t))
		return false;
	snprintf(header, sizeof(header), "X-aws-ec2-metadata-token: %s", t->token);
	status = http_ask(t, "GET", path, header);
	if (status == 401)
		t->token[0] = 0;
	/* There is none. */
	if (status == 404)
		t->trouble[0] = 0;
	return status != 404 && is_answer(t, path, status) && cr_notice_aws(t->answer, now_ms, out);
}

static bool ask_gcp(struct cr_node_notice *t, int64_t now_ms, struct cr_notice *out)
{
	static const char path[] = "/computeMetadata/v1/instance/preempted";
	long status = http_ask(t, "GET", path, "Metadata-Flavor: Google");

	if (status == 200 && !t->answered_by_gcp) {
		notice_trouble(t, path, "the answer is not Google's (no Metadata-Flavor)");
		return false;
	}
	return is_answer(t, path, status) && cr_notice_gcp(t->answer, now_ms, out);
}

static bool ask_azure(struct cr_node_notice *t, int64_t now_ms, struct cr_notice *out)
{
	static const char name[] =
		"/metadata/instance/compute/name?api-version=2021-02-01&format=text";
	static const char path[] = "/metadata/scheduledevents?api-version=2020-07-01";
	static const char header[] = "Metadata: true";

	if (!*t->own && is_answer(t, name, http_ask(t, "GET", name, header)))
		snprintf(t->own, sizeof(t->own), "%.*s", (int)strcspn(t->answer, "\r\n"),
			 t->answer);
	return is_answer(t, path, http_ask(t, "GET", path, header)) &&
	       cr_notice_azure(t->answer, t->own, now_ms, out);
}

/* Its time is that of its writing. */
static bool ask_file(struct cr_node_notice *t, int64_t now_ms, struct cr_notice *out)
{
	cr_auto_free char *text = NULL;
	struct stat st;

	if (stat(t->address, &st)) {
		if (errno != ENOENT)
			notice_trouble(t, "", strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > ANSWER_MAX ||
	    cr_slurp(AT_FDCWD, t->address, &text) < 0)
		return cr_notice_file("", now_ms, out);
	return cr_notice_file(text, st.st_mtim.tv_sec * 1000ll + st.st_mtim.tv_nsec / 1000000, out);
}

/* ---- the thread ---- */

static void wait_for_next(struct cr_node_notice *t)
{
	int64_t ns = cr_now_ns(CLOCK_REALTIME) + t->poll_s * 1e9;
	struct timespec until = { ns / 1000000000, ns % 1000000000 };

	pthread_mutex_lock(&t->lock);
	if (!t->stop)
		pthread_cond_timedwait(&t->woken, &t->lock, &until);
	pthread_mutex_unlock(&t->lock);
}

static void *notice_run(void *arg)
{
	static bool (*const ask[])(struct cr_node_notice * t, int64_t now_ms,
				   struct cr_notice * out) = {
		[CR_NOTICE_AWS] = ask_aws,
		[CR_NOTICE_GCP] = ask_gcp,
		[CR_NOTICE_AZURE] = ask_azure,
		[CR_NOTICE_FILE] = ask_file,
	};
	struct cr_node_notice *t = arg;

	while (!t->stop) {
		if (ask[t->from](t, cr_now_ns(CLOCK_REALTIME) / 1000000, &t->notice)) {
			eventfd_write(t->fd, 1);
			return NULL;
		}
		wait_for_next(t);
	}
	return NULL;
}

/* ---- the loop's side ---- */

static void on_notice(int fd, short what, void *arg)
{
	struct cr_node *n = arg;
	struct cr_node_notice *t = n->notice;
	int64_t left_ms = t->notice.at_ms - cr_now_ns(CLOCK_REALTIME) / 1000000;
	eventfd_t ignored;

	eventfd_read(t->fd, &ignored);
	cr_node_turn(n);
	left_ms = left_ms < 1 ? 1 : left_ms;
	cr_say("notice: %s, in %.1f s", t->notice.what, left_ms / 1e3);
	n->deadline_ns = cr_node_now() + left_ms * 1000000;
	snprintf(n->deadline_why, sizeof(n->deadline_why), "%s", t->notice.what);
	cr_node_drain(n, false);
}

int cr_notice_start(struct cr_node *n, struct cr_err *err)
{
	struct cr_node_notice *t;

	if (n->options.notice == CR_NOTICE_NONE)
		return 0;
	t = n->notice = cr_xcalloc(1, sizeof(*t));
	t->from = n->options.notice;
	t->address = n->options.notice_address ?: cr_notice_address(t->from);
	t->poll_s = n->options.notice_poll;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->woken, NULL);
	t->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->fd >= 0)
		t->event = event_new(n->base, t->fd, EV_READ | EV_PERSIST, on_notice, n);
	if (!t->event || event_add(t->event, NULL) || curl_global_init(CURL_GLOBAL_DEFAULT))
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "--notice");
	t->curl = curl_easy_init();
	if (!t->curl || cr_urgent_start(&t->thread, notice_run, t))
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "--notice");
	t->started = true;
	return 0;
}

void cr_notice_stop(struct cr_node *n)
{
	struct cr_node_notice *t = n->notice;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->woken);
	pthread_mutex_unlock(&t->lock);
	if (t->started)
		pthread_join(t->thread, NULL);
	if (t->event)
		event_free(t->event);
	cr_close_fd(&t->fd);
	curl_easy_cleanup(t->curl);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->woken);
	free(t->answer);
	free(t);
	n->notice = NULL;
}
