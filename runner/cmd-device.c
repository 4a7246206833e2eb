/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <string.h>

enum verb { VERB_ADD, VERB_DEL, VERB_UNKNOWN };

/* As in LXC, the first letters are enough. */
static enum verb find_verb(const char *word)
{
	static const char *const verbs[] = { [VERB_ADD] = "add", [VERB_DEL] = "del" };
	enum verb verb = VERB_ADD;

	while (verb < VERB_UNKNOWN && (!*word || !str_starts_with(verbs[verb], word)))
		verb++;
	return verb;
}

static int run(const struct request *req, enum verb verb, struct rlxc_err *err)
{
	const char *other = req->n_words > 2 ? req->words[2] : NULL;
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	int r = open_store(req, &rlxc, err);

	if (r < 0)
		return r;
	return verb == VERB_ADD ? rlxc_device_add(rlxc, req->name, req->words[1], other, err)
	                        : rlxc_device_remove(rlxc, req->name, req->words[1], other, err);
}

int cmd_device(struct request *req)
{
	struct rlxc_err err = {};
	enum verb verb;
	int r;

	r = options_parse(req, NULL);
	if (r != OPTIONS_GO)
		return r;
	if (req->n_words < 2)
		return output_usage(req, "what to do is missing, such as: add /dev/fuse");
	if (req->n_words > 3)
		return output_usage(req, "'%s' is one word too many", req->words[3]);
	verb = find_verb(req->words[0]);
	if (verb == VERB_UNKNOWN)
		return output_usage(req, "'%s' is neither add nor del", req->words[0]);
	r = run(req, verb, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}
