// SPDX-License-Identifier: Apache-2.0
//
// Who may ask over HTTP. A program has the token of STATE/http.token. A person has a link, which
// works once and for a minute, and then a session: a cookie that only this server gets, and that
// scripts cannot read. What a browser sends by itself (the cookie) changes nothing: a POST by it
// needs a second secret, which only a page from here can have read, and an Origin that is ours.
// Secrets are kept as what HMAC makes of them with the token, so a new token ends all sessions,
// and who reads the database has none. All is bounded: the oldest session goes for a new one.
#include "coordinator/sign_in.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/coordinator.h"
#include "coordinator/database.h"
#include "coordinator/question.h"
#include "net/trust.h"

#define SESSIONS 64
#define LINKS 16
#define TOKEN_LEAST 16
#define FAILURES 30.0
#define FAILURES_PER_S 1.0
#define ACTIONS 40.0
#define ACTIONS_PER_S 10.0
#define SESSION_ROW "http_session_%zu"

struct secret {
	unsigned char hash[32]; /* of the key */
	int64_t until_ms; /* 0: none */
};

struct bucket {
	double left;
	int64_t since_ms;
};

struct co_sign {
	struct co *c;
	char *token, cookie[32];
	size_t token_len;
	struct secret links[LINKS]; /* until: of CLOCK_BOOTTIME */
	struct secret sessions[SESSIONS]; /* until: of CLOCK_REALTIME; they outlive us */
	struct bucket failures, actions;
};

static int64_t wall_ms(void)
{
	return cr_now_ns(CLOCK_REALTIME) / 1000000;
}

/* ---- secrets ---- */

static void hash_of(const struct co_sign *s, const char *use, const char *key, size_t len,
		    unsigned char out[32])
{
	char text[CO_SIGN_KEY + 16];
	unsigned int n = 0;

	n = snprintf(text, sizeof(text), "%s:%.*s", use, (int)(len < CO_SIGN_KEY ? len : 64), key);
	HMAC(EVP_sha256(), s->token, s->token_len, (unsigned char *)text, n, out, NULL);
}

static void hex(const unsigned char *bytes, char out[CO_SIGN_KEY + 1])
{
	size_t i;

	for (i = 0; i < CO_SIGN_KEY / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool fresh_key(char out[CO_SIGN_KEY + 1])
{
	unsigned char bytes[CO_SIGN_KEY / 2];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	hex(bytes, out);
	return true;
}

/* All are compared, and each in the same time. */
static struct secret *find(struct secret *v, size_t n, const unsigned char hash[32], int64_t now)
{
	struct secret *found = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (!CRYPTO_memcmp(v[i].hash, hash, sizeof(v[i].hash)) && v[i].until_ms > now)
			found = &v[i];
	return found;
}

static struct secret *oldest(struct secret *v, size_t n)
{
	struct secret *least = v;
	size_t i;

	for (i = 1; i < n; i++)
		if (v[i].until_ms < least->until_ms)
			least = &v[i];
	return least;
}

/* ---- sessions ---- */

static void save(const struct co_sign *s, const struct secret *one)
{
	char row[32], text[CO_SIGN_KEY + 32] = "";
	size_t n;

	snprintf(row, sizeof(row), SESSION_ROW, (size_t)(one - s->sessions));
	if (one->until_ms) {
		hex(one->hash, text);
		n = strlen(text);
		snprintf(text + n, sizeof(text) - n, " %lld", (long long)one->until_ms);
	}
	co_db_write(s->c->db, CO_SQL_SET, "tt", row, text);
	co_db_commit(s->c->db);
}

static void sign_on_value(sqlite3_stmt *row, void *arg)
{
	const char *key = (const char *)sqlite3_column_text(row, 0);
	const char *value = (const char *)sqlite3_column_text(row, 1);
	struct co_sign *s = arg;
	struct secret one = { 0 };
	long long until;
	size_t at, i;

	if (!key || !value || sscanf(key, SESSION_ROW, &at) != 1 || at >= SESSIONS ||
	    strlen(value) <= CO_SIGN_KEY)
		return;
	for (i = 0; i < sizeof(one.hash); i++)
		if (sscanf(value + 2 * i, "%2hhx", &one.hash[i]) != 1)
			return;
	if (sscanf(value + CO_SIGN_KEY, "%lld", &until) != 1)
		return;
	one.until_ms = until;
	s->sessions[at] = one;
}

/* The value of our cookie; NULL: there is none that could be. */
static const char *cookie_of(const struct co_sign *s, const struct co_question *q)
{
	size_t n = strlen(s->cookie), len;
	const char *p = q->cookie;

	for (; p && *p; p += len + strspn(p + len, "; ")) {
		len = strcspn(p, ";");
		if (len == n + 1 + CO_SIGN_KEY && !strncmp(p, s->cookie, n) && p[n] == '=')
			return p + n + 1;
	}
	return NULL;
}

static struct secret *session_of(struct co_sign *s, const struct co_question *q)
{
	const char *key = cookie_of(s, q);
	unsigned char hash[32];

	if (!key)
		return NULL;
	hash_of(s, "session", key, CO_SIGN_KEY, hash);
	return find(s->sessions, SESSIONS, hash, wall_ms());
}

static void csrf_of(const struct co_sign *s, const char *cookie, char out[CO_SIGN_KEY + 1])
{
	unsigned char hash[32];

	hash_of(s, "csrf", cookie, CO_SIGN_KEY, hash);
	hex(hash, out);
}

int64_t co_sign_session(struct co_sign *s, const struct co_question *q, char *csrf)
{
	struct secret *one = session_of(s, q);

	if (one && csrf)
		csrf_of(s, cookie_of(s, q), csrf);
	return one ? one->until_ms : 0;
}

static void set_cookie(const struct co_sign *s, const char *value, int seconds, bool tls,
		       char *header, size_t len)
{
	snprintf(header, len,
		 "Set-Cookie: %s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s\r\n",
		 s->cookie, value, seconds, tls ? "; Secure" : "");
}

bool co_sign_begin(struct co_sign *s, bool tls, char *header, size_t len, char *csrf)
{
	struct secret *one = oldest(s->sessions, SESSIONS);
	char key[CO_SIGN_KEY + 1];

	if (!fresh_key(key))
		return false;
	hash_of(s, "session", key, CO_SIGN_KEY, one->hash);
	one->until_ms = wall_ms() + CO_SESSION_S * 1000ll;
	save(s, one);
	set_cookie(s, key, CO_SESSION_S, tls, header, len);
	csrf_of(s, key, csrf);
	return true;
}

void co_sign_out(struct co_sign *s, const struct co_question *q, char *header, size_t len)
{
	struct secret *one = session_of(s, q);

	if (one) {
		memset(one, 0, sizeof(*one));
		save(s, one);
	}
	set_cookie(s, "", 0, q->tls, header, len);
}

/* ---- links ---- */

bool co_sign_link(struct co_sign *s, char key[CO_SIGN_KEY + 1])
{
	struct secret *one = oldest(s->links, LINKS);

	if (!fresh_key(key))
		return false;
	hash_of(s, "link", key, CO_SIGN_KEY, one->hash);
	one->until_ms = co_now() + CO_LINK_S * 1000ll;
	return true;
}

bool co_sign_take_link(struct co_sign *s, const char *key)
{
	unsigned char hash[32];
	struct secret *one;

	if (!key || strlen(key) != CO_SIGN_KEY)
		return false;
	hash_of(s, "link", key, CO_SIGN_KEY, hash);
	one = find(s->links, LINKS, hash, co_now());
	if (one)
		memset(one, 0, sizeof(*one));
	return one;
}

/* ---- who asks ---- */

bool co_sign_token(const struct co_sign *s, const char *token, size_t len)
{
	return len == s->token_len && !CRYPTO_memcmp(token, s->token, len);
}

enum co_who co_sign_who(struct co_sign *s, const struct co_question *q)
{
	static const char bearer[] = "Bearer ";
	const char *given = q->authorization;

	if (given && !strncasecmp(given, bearer, strlen(bearer))) {
		given += strlen(bearer);
		return co_sign_token(s, given, strlen(given)) ? CO_BY_TOKEN : CO_NOBODY;
	}
	return session_of(s, q) ? CO_BY_COOKIE : CO_NOBODY;
}

/* Without the port. */
static size_t host_only(const char *host, char *out, size_t room)
{
	const char *from = *host == '[' ? host + 1 : host;
	size_t n = *host == '[' ? strcspn(from, "]") : strcspn(from, ":");

	n = n < room ? n : room - 1;
	memcpy(out, from, n);
	out[n] = 0;
	return n;
}

static bool in_list(const char *list, const char *name)
{
	size_t n = strlen(name), len;

	for (; list && *list; list += len + strspn(list + len, ", ")) {
		len = strcspn(list, ", ");
		if (len == n && !strncasecmp(list, name, n))
			return true;
	}
	return false;
}

bool co_sign_host(const struct co *c, const struct co_question *q)
{
	unsigned char address[sizeof(struct in6_addr)];
	char host[256], own[256] = "";

	if (!q->host || !host_only(q->host, host, sizeof(host)))
		return false;
	gethostname(own, sizeof(own) - 1);
	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1 ||
	       !strcasecmp(host, "localhost") || !strcasecmp(host, own) ||
	       in_list(c->options.http_host, host);
}

bool co_sign_same_origin(struct co_sign *s, const struct co_question *q, const char **why)
{
	const char *origin = q->origin ? strstr(q->origin, "://") : NULL, *cookie;
	char csrf[CO_SIGN_KEY + 1];

	*why = "the Origin is not this server's";
	if (!origin || !q->host || strcasecmp(origin + 3, q->host))
		return false;
	*why = "X-CSRF-Token is missing, or not this session's";
	cookie = cookie_of(s, q);
	if (!cookie || !q->csrf || strlen(q->csrf) != CO_SIGN_KEY)
		return false;
	csrf_of(s, cookie, csrf);
	return !CRYPTO_memcmp(csrf, q->csrf, CO_SIGN_KEY);
}

/* ---- how often ---- */

static bool may(struct bucket *b, double most, double per_s)
{
	int64_t now = co_now();

	b->left += (now - b->since_ms) / 1000.0 * per_s;
	b->since_ms = now;
	if (b->left > most)
		b->left = most;
	if (b->left < 1)
		return false;
	b->left -= 1;
	return true;
}

/*
 * What is right is looked at first, and passes: else whoever guesses would keep out the others, who
 * have the same address on loopback.
 */
bool co_sign_may_fail(struct co_sign *s)
{
	return may(&s->failures, FAILURES, FAILURES_PER_S);
}

bool co_sign_may_act(struct co_sign *s)
{
	return may(&s->actions, ACTIONS, ACTIONS_PER_S);
}

/* ---- the beginning and the end ---- */

static int load_token(struct co_sign *s, struct cr_err *err)
{
	char path[CR_PATH_MAX];
	struct cr_err made = { 0 };
	ssize_t n;

	snprintf(path, sizeof(path), "%s/http.token", s->c->options.state);
	if (cr_trust_make_key(path, &made) && made.status != CR_EXIT_EXISTS) {
		*err = made;
		return -EIO;
	}
	n = cr_slurp(AT_FDCWD, path, &s->token);
	if (n < 0)
		return cr_fail(err, CR_EXIT_IO, -n, "%s", path);
	s->token_len = strcspn(s->token, " \t\r\n");
	s->token[s->token_len] = 0;
	if (s->token_len < TOKEN_LEAST)
		return cr_fail(err, CR_EXIT_TRUST, 0,
			       "%s: the token has fewer than %d characters (remove the file, and "
			       "a new one is made)",
			       path, TOKEN_LEAST);
	return 0;
}

struct co_sign *co_sign_new(struct co *c, const char *cookie, struct cr_err *err)
{
	struct co_sign *s = cr_xcalloc(1, sizeof(*s));

	s->c = c;
	snprintf(s->cookie, sizeof(s->cookie), "%s", cookie);
	if (load_token(s, err)) {
		co_sign_free(s);
		return NULL;
	}
	co_db_read(c->db, CO_SQL_VALUES, sign_on_value, s, "");
	return s;
}

void co_sign_free(struct co_sign *s)
{
	if (!s)
		return;
	if (s->token)
		OPENSSL_cleanse(s->token, s->token_len);
	free(s->token);
	free(s);
}
