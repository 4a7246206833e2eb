/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "config-check.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <string.h>

struct config_args {
	bool list;
};

const struct option_row cmd_config_options[] = {
	OPTION("list", 'l', "", option_true, offsetof(struct config_args, list), "",
	       "list the keys"),
	{},
};

static void add_value(struct text *text, const char *key, const char *value)
{
	text_add_json(text, key);
	text_add(text, ":");
	if (value)
		text_add_json(text, value);
	else
		text_add(text, "null");
}

/* The keys; with their values as one JSON object. */
static int list_keys(const struct request *req, const struct rlxc *rlxc)
{
	struct text text = {};
	const char *key, *value;

	for (unsigned int i = 0; (key = rlxc_config_key(i)); i++) {
		if (!req->json) {
			text_addf(&text, "%s\n", key);
			continue;
		}
		value = NULL;
		(void)rlxc_config_get(rlxc, key, &value);
		text_add(&text, i ? "," : "{");
		add_value(&text, key, value);
	}
	if (req->json)
		text_add(&text, text.len ? "}\n" : "{}\n");
	return output_answer(req, &text);
}

static int unknown(const struct request *req, const char *key)
{
	struct rlxc_err err = {};
	struct text text = {};

	if (!req->json) {
		/* LXC says so on stdout, where scripts look for it. */
		text_addf(&text, "Unknown configuration item: %s\n", key);
		(void)output_answer(req, &text);
		return EXIT_FAILURE;
	}
	output_set(&err, -EINVAL, "unknown configuration item '%s'", key);
	(void)snprintf(err.hint, sizeof(err.hint), "see '%s -l'", req->prog);
	return output_failed(req, &err);
}

static int print_key(const struct request *req, const struct rlxc *rlxc, const char *key)
{
	struct text text = {};
	const char *value = NULL;

	if (rlxc_config_get(rlxc, key, &value) < 0)
		return unknown(req, key);
	if (req->json) {
		text_add(&text, "{");
		add_value(&text, key, value);
		text_add(&text, "}\n");
	} else if (value) {
		text_addf(&text, "%s\n", value);
	} else {
		text_addf(&text, "%s is not set.\n", key);
	}
	return output_answer(req, &text);
}

static int print_usage(const struct request *req)
{
	struct text text = {};

	text_addf(&text, "Usage: %s -l      list the keys\n", req->prog);
	text_addf(&text, "       %s KEY     print the value of KEY\n", req->prog);
	text_addf(&text, "       %s check FILE     what each line of a configuration means here\n",
	          req->prog);
	text_addf(&text, "       %s explain [KEY]  what lxc.container.conf(5) says about a key\n",
	          req->prog);
	return output_answer(req, &text);
}

/* Its answer has the warnings. */
static int check(const struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_err err = {};
	int r;

	if (req->n_words != 2)
		return output_usage(req, "'check' takes the name of one configuration file");
	r = rlxc_open(NULL, &rlxc, &err);
	if (r >= 0)
		r = rlxc_log(rlxc, req->prog, NULL, NULL, NULL, /* quiet= */ true, &err);
	return r < 0 ? output_failed(req, &err) : config_check(req, rlxc, req->words[1]);
}

static int explain(const struct request *req)
{
	if (req->n_words > 2)
		return output_usage(req, "'explain' takes one key");
	return config_explain(req, req->n_words == 2 ? req->words[1] : NULL);
}

int cmd_config(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct config_args args = {};
	struct rlxc_err err = {};
	const char *key;
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	key = req->n_words ? req->words[0] : "";
	if (!args.list && strcmp(key, "check") == 0)
		return check(req);
	if (!args.list && strcmp(key, "explain") == 0)
		return explain(req);
	if (!args.list && (!*key || strcmp(key, "-") == 0))
		return print_usage(req);
	if (req->n_words > 1)
		return output_usage(req, "'%s' is one word too many", req->words[1]);
	r = rlxc_open(NULL, &rlxc, &err);
	if (r < 0)
		return output_failed(req, &err);
	return args.list ? list_keys(req, rlxc) : print_key(req, rlxc, key);
}
