/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "ls-print.h"
#include "open.h"
#include "output.h"
#include "pattern.h"

#include "base/cleanup.h"
#include "base/strv.h"

#include <string.h>
#include <sys/ioctl.h>

struct ls_args {
	bool line, fancy;
	bool active, running, frozen, stopped, defined, nested;
	const char *columns, *groups, *filter, *name;
};

/* Whatever LEVELS is: one level is what there is. */
static int option_nesting(const struct option_row *row, void *args, const char *value,
                          struct rlxc_err *err)
{
	(void)value;
	return option_true(row, args, NULL, err);
}

#define FIELD(member) offsetof(struct ls_args, member)

const struct option_row cmd_ls_options[] = {
	OPTION("line", '1', "", option_true, FIELD(line), "", "one name a line"),
	OPTION("fancy", 'f', "", option_true, FIELD(fancy), "", "print a table"),
	OPTION("fancy-format", 'F', "COLUMNS", option_text, FIELD(columns), "," LS_COLUMNS_WORDS,
	       "with -f: columns, joined with ','; known are NAME STATE PID\n"
	       "RAM SWAP AUTOSTART GROUPS INTERFACE IPV4 IPV6 UNPRIVILEGED"),
	OPTION("active", 0, "", option_true, FIELD(active), "", "only containers that are active"),
	OPTION("running", 0, "", option_true, FIELD(running), "",
	       "only containers that run (frozen ones too)"),
	OPTION("frozen", 0, "", option_true, FIELD(frozen), "", "only frozen containers"),
	OPTION("stopped", 0, "", option_true, FIELD(stopped), "", "only stopped containers"),
	OPTION("defined", 0, "", option_true, FIELD(defined), "",
	       "only containers with a configuration file"),
	OPTION("nesting", 0, "[LEVELS]", option_nesting, FIELD(nested), "",
	       "containers inside running containers as well, one level\n"
	       "deep whatever LEVELS says"),
	OPTION("groups", 'g', "GROUPS", option_text, FIELD(groups), "@groups",
	       "only members of all these groups, joined with ','"),
	OPTION("filter", 0, "REGEX", option_text, FIELD(filter), "",
	       "only names that match (as does a word on its own)"),
	OPTION("name", 'n', "NAME", option_text, FIELD(name), "@names", "only this container"),
	{},
};

/* A compiled --filter; an empty one lets every name pass. */
struct name_filter {
	regex_t regex;
	bool set;
};

static void name_filter_done(struct name_filter *filter)
{
	if (filter->set)
		regfree(&filter->regex);
	filter->set = false;
}

static int name_filter_init(struct name_filter *filter, const char *pattern, struct rlxc_err *err)
{
	int r;

	if (!pattern)
		return 0;
	r = pattern_compile(pattern, pattern, &filter->regex, err);
	filter->set = r == 0;
	return r;
}

static bool has_group(const struct rlxc_info *info, const char *group, size_t len)
{
	const char *have = info->groups ? info->groups : "";

	while (*have) {
		const char *end = strstr(have, ", ");
		size_t n = end ? (size_t)(end - have) : strlen(have);

		if (n == len && strncmp(have, group, len) == 0)
			return true;
		have += n + (end ? 2 : 0);
	}
	return false;
}

static bool in_groups(const struct rlxc_info *info, const char *groups)
{
	while (groups && *groups) {
		size_t len = strcspn(groups, ",");

		if (!has_group(info, groups, len))
			return false;
		groups += len + (groups[len] == ',');
	}
	return true;
}

/* Every filter that was given has to let it pass. */
static bool is_listed(const struct rlxc_info *info, const struct ls_args *args,
                      const struct name_filter *filter)
{
	if ((args->active || args->running) && !rlxc_state_runs(info->state))
		return false;
	if (args->frozen && info->state != RLXC_FROZEN)
		return false;
	if (args->stopped && info->state != RLXC_STOPPED)
		return false;
	if (args->defined && !info->defined)
		return false;
	if (args->name && strcmp(args->name, info->name) != 0)
		return false;
	if (filter->set && regexec(&filter->regex, info->name, 0, NULL, 0) != 0)
		return false;
	return in_groups(info, args->groups);
}

static unsigned int filters_want(const struct ls_args *args)
{
	unsigned int want = 0;

	if (args->active || args->running || args->frozen || args->stopped)
		want |= RLXC_WANT_STATE;
	if (args->active || args->running || args->frozen)
		want |= RLXC_ONLY_RUNNING;
	if (args->groups)
		want |= RLXC_WANT_CONFIG;
	if (args->nested)
		want |= RLXC_WANT_STATE;
	return want;
}

/* Only the terminal that is written to counts: a pipe gets one name a line. */
static unsigned int terminal_width(void)
{
	struct winsize size = {};

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ? 0 : size.ws_col;
}

static void add_lines(struct text *text, const struct rlxc_info *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		text_add_printable(text, items[i]->name);
		text_add(text, "\n");
	}
}

static int print(const struct request *req, const struct ls_args *args,
                 const struct ls_columns *columns, const struct rlxc_info *const *items, size_t n)
{
	struct text text = {};

	for (size_t i = 0; i < n && !req->json; i++)
		if (items[i]->config_error)
			output_note(req, "the configuration of '%s' cannot be read: %s",
			            items[i]->name, items[i]->config_error);
	if (req->json)
		ls_add_json(&text, columns, items, n);
	else if (args->fancy)
		ls_add_table(&text, columns, items, n);
	else if (args->line)
		add_lines(&text, items, n);
	else
		ls_add_names(&text, items, n, terminal_width());
	return output_answer(req, &text);
}

static void list_freep(struct rlxc_list **list)
{
	if (*list)
		rlxc_list_free(*list);
}

static int print_listed(const struct request *req, const struct ls_args *args,
                        const struct ls_columns *columns, const struct name_filter *filter,
                        const struct rlxc_list *list, struct rlxc_err *err)
{
	const struct rlxc_info **items = reallocarray(NULL, list->n + 1, sizeof(void *));
	size_t n = 0;
	int code;

	if (!items)
		return output_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < list->n; i++)
		if (is_listed(&list->items[i], args, filter))
			items[n++] = &list->items[i];
	code = print(req, args, columns, items, n);
	free(items);
	return code;
}

static int run(const struct request *req, const struct ls_args *args, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	_cleanup_(name_filter_done) struct name_filter filter = {};
	_cleanup_(list_freep) struct rlxc_list *list = NULL;
	const char *names = req->json ? LS_COLUMNS_JSON : LS_COLUMNS_DEFAULT;
	struct ls_columns columns = {};
	unsigned int want = filters_want(args);
	int r;

	r = name_filter_init(&filter, args->filter, err);
	if (r >= 0)
		r = ls_columns_parse(args->columns ? args->columns : names, &columns, err);
	if (r >= 0)
		r = open_store(req, &rlxc, err);
	if (r < 0)
		return r;
	if (args->fancy || req->json)
		want |= ls_columns_want(&columns);
	r = rlxc_list(rlxc, want, args->nested, &list, err);
	if (r < 0)
		return r;
	return print_listed(req, args, &columns, &filter, list, err);
}

int cmd_ls(struct request *req)
{
	struct ls_args args = {};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (req->n_words > 1 || (req->n_words && args.filter))
		return output_usage(req, "one regular expression is enough");
	if (req->n_words)
		args.filter = req->words[0];
	r = run(req, &args, &err);
	return r < 0 ? output_failed(req, &err) : r;
}
