/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

/* Scripts rely on LXC's form: the file's text, and an empty line behind it. */
static void add_answer(struct text *text, const struct request *req, const char *value)
{
	struct text line = {};

	if (!req->json) {
		text_add(text, value);
		text_add(text, "\n");
		return;
	}
	text_add(text, "{\"name\":");
	text_add_json(text, req->name);
	text_add(text, ",\"file\":");
	text_add_json(text, req->words[0]);
	text_add(text, ",\"value\":");
	text_add_len(&line, value, strlen(value) - str_ends_with(value, "\n"));
	text_add_json(text, line.data ? line.data : "");
	text_done(&line);
	text_add(text, "}\n");
}

static int get(const struct request *req, struct rlxc *rlxc, struct rlxc_err *err)
{
	_cleanup_free_ char *value = NULL;
	struct text text = {};
	int r;

	r = rlxc_cgroup_get(rlxc, req->name, req->words[0], &value, err);
	if (r < 0)
		return r;
	add_answer(&text, req, value);
	return output_answer(req, &text);
}

static int run(const struct request *req, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	int r;

	r = open_store(req, &rlxc, err);
	if (r < 0)
		return r;
	if (req->n_words == 1)
		return get(req, rlxc, err);
	return rlxc_cgroup_set(rlxc, req->name, req->words[0], req->words[1], err);
}

int cmd_cgroup(struct request *req)
{
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, NULL);
	if (r != OPTIONS_GO)
		return r;
	if (req->n_words == 0)
		return output_usage(req, "no file is named, such as pids.max");
	if (req->n_words > 2)
		return output_usage(req, "'%s' is one word too many: put quotes around the value",
		                    req->words[2]);
	r = run(req, &err);
	return r < 0 ? output_failed(req, &err) : r;
}
