/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's configuration: reads the input, asks for every key, reads the saved text again,
 * which must give the same answers. lxc.include would read this host's files: such inputs are left
 * out. */
#include "conf/read.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/item.h"
#include "conf/nsbits.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 0 and the value, or why there is none. */
static int ask(const struct conf *conf, const char *key, char **ret_value)
{
	struct err err = {};
	int r;

	*ret_value = NULL;
	r = conf_get(conf, key, ret_value, &err);
	if (r < 0 && !err.msg[0])
		abort();
	return r;
}

static void compare_key(const struct conf *a, const struct conf *b, const char *key)
{
	_cleanup_free_ char *of_a = NULL, *of_b = NULL;
	int r = ask(a, key, &of_a);

	if (ask(b, key, &of_b) != r || (r == 0 && strcmp(of_a, of_b) != 0))
		abort();
}

/* The keys below @prefix ("" for all there are), one by one. */
static void compare_keys(const struct conf *a, const struct conf *b, const char *family,
                         const char *prefix)
{
	_cleanup_free_ char *keys = NULL;
	char *rest = NULL;

	if (conf_keys(a, family, &keys, NULL) < 0)
		abort();
	for (char *key = strtok_r(keys, "\n", &rest); key; key = strtok_r(NULL, "\n", &rest)) {
		char name[128];

		(void)snprintf(name, sizeof(name), "%s%s", prefix, key);
		compare_key(a, b, name);
	}
}

static void compare(const struct conf *a, const struct conf *b)
{
	char family[32], prefix[40];

	compare_keys(a, b, NULL, "");
	for (size_t i = 0; i < a->nets.n; i++) {
		(void)snprintf(family, sizeof(family), "lxc.net.%u", a->nets.items[i].index);
		(void)snprintf(prefix, sizeof(prefix), "%s.", family);
		compare_keys(a, b, family, prefix);
	}
	for (int i = 0; i < NS_MAX; i++) {
		(void)snprintf(prefix, sizeof(prefix), "lxc.namespace.share.%s",
		               ns_name((enum ns_kind)i));
		compare_key(a, b, prefix);
	}
}

static void read_again(const struct conf *conf)
{
	_cleanup_(conf_done) struct conf again;

	conf_init(&again);
	if (conf_read_text(&again, "again", conf->saved, NULL) < 0)
		abort();
	compare(conf, &again);
	if (strcmp(conf->saved, again.saved) != 0)
		abort();
}

/* Taking out every key leaves what was never set, in memory and in the text. */
static void clear_all(struct conf *conf)
{
	_cleanup_(conf_done) struct conf plain;
	_cleanup_free_ char *keys = NULL;
	char *rest = NULL;

	conf_init(&plain);
	if (conf_keys(conf, NULL, &keys, NULL) < 0)
		abort();
	for (char *key = strtok_r(keys, "\n", &rest); key; key = strtok_r(NULL, "\n", &rest))
		if (conf_save_clear(conf, key, NULL) < 0)
			abort();
	for (int i = 0; i < NS_MAX; i++) {
		char key[40];

		(void)snprintf(key, sizeof(key), "lxc.namespace.share.%s",
		               ns_name((enum ns_kind)i));
		if (conf_save_clear(conf, key, NULL) < 0)
			abort();
	}
	compare(conf, &plain);
	read_again(conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(conf_done) struct conf conf;
	char *text = malloc(size + 1);
	struct err err = {};
	int r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	conf_init(&conf);
	if (!strstr(text, "lxc.include")) {
		log_setup("fuzz", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
		r = conf_read_text(&conf, "fuzz", text, &err);
		if (r < 0 && (err.code != r || strncmp(err.msg, "fuzz:", 5) != 0))
			abort();
		(void)conf_define(&conf, "-s", text, NULL);
		if (r == 0) {
			read_again(&conf);
			clear_all(&conf);
		}
	}
	free(text);
	return 0;
}
