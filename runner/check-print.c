/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check-print.h"

#include "base/cleanup.h"

#include <string.h>

/* LXC's words and colours: "missing" is what one can do without. */
static const struct word {
	const char *text, *color;
} words[] = { { "enabled", "\033[1;32m" },
	      { "missing", "\033[1;33m" },
	      { "required", "\033[1;31m" } };

#define COLOR_END "\033[0;39m"

static const struct word *word_of(const struct rlxc_check *check)
{
	return &words[check->works ? 0 : check->needed ? 2 : 1];
}

static void add_line(struct text *text, const struct rlxc_check *check, bool color)
{
	const struct word *word = word_of(check);

	text_addf(text, "%s: %s%s%s", check->label, color ? word->color : "", word->text,
	          color ? COLOR_END : "");
	if (check->works && check->note[0])
		text_addf(text, ", %s", check->note);
	text_add(text, "\n");
	if (!check->works && check->why[0])
		text_addf(text, "  %s\n", check->why);
	if (!check->works && check->fix[0])
		text_addf(text, "  fix: %s\n", check->fix);
}

static size_t count_failed(const struct rlxc_check *checks, size_t n, bool needed)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += !checks[i].works && checks[i].needed == needed;
	return failed;
}

bool check_has_failed(const struct rlxc_check *checks, size_t n)
{
	return count_failed(checks, n, true) > 0;
}

void check_add_text(struct text *text, const struct rlxc_check *checks, size_t n, bool color)
{
	size_t required = count_failed(checks, n, true);

	text_addf(text, "LXC version %s\n", rlxc_version());
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(checks[i].title, checks[i - 1].title) != 0)
			text_addf(text, "\n--- %s ---\n", checks[i].title);
		add_line(text, &checks[i], color);
	}
	if (required)
		text_addf(text, "\n%zu of %zu required and not there, %zu missing\n", required, n,
		          count_failed(checks, n, false));
	else
		text_addf(text, "\nall that is needed works, %zu of %zu missing\n",
		          count_failed(checks, n, false), n);
}

static void add_member(struct text *text, const char *name, const char *value)
{
	if (!value[0])
		return;
	text_addf(text, ",\"%s\":", name);
	text_add_json(text, value);
}

void check_add_json(struct text *text, const struct rlxc_check *checks, size_t n)
{
	text_add(text, "{\"version\":");
	text_add_json(text, rlxc_version());
	text_addf(text, ",\"works\":%s,\"checks\":[",
	          check_has_failed(checks, n) ? "false" : "true");
	for (size_t i = 0; i < n; i++) {
		const struct rlxc_check *check = &checks[i];

		text_addf(text, "%s{\"subject\":\"%s\",\"name\":", i ? "," : "", check->subject);
		text_add_json(text, check->label);
		text_addf(text, ",\"status\":\"%s\",\"needed\":%s", word_of(check)->text,
		          check->needed ? "true" : "false");
		add_member(text, "note", check->works ? check->note : "");
		add_member(text, "error", check->works ? "" : check->why);
		add_member(text, "fix", check->works ? "" : check->fix);
		text_add(text, "}");
	}
	text_add(text, "]}\n");
}
