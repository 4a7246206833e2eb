/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check-print.h"
#include "commands.h"
#include "output.h"

#include "base/cleanup.h"

#include <unistd.h>

int cmd_checkconfig(struct request *req)
{
	_cleanup_free_ struct rlxc_check *checks = NULL;
	struct rlxc_err err = {};
	struct text text = {};
	size_t n = 0;
	int r;

	r = options_parse(req, NULL);
	if (r != OPTIONS_GO)
		return r;
	r = rlxc_check((const char *const *)req->words, req->n_words, &checks, &n, &err);
	if (r < 0)
		return output_failed(req, &err);
	if (req->json)
		check_add_json(&text, checks, n);
	else
		check_add_text(&text, checks, n, isatty(STDOUT_FILENO));
	r = output_answer(req, &text);
	return check_has_failed(checks, n) ? EXIT_FAILURE : r;
}
