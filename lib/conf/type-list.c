/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A list of which each line of the configuration is one element. */
static int lines_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	return strv_add(conf_field(slot), value) < 0 ? err_oom(err) : 0;
}

int conf_lines_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct strv *list = conf_field(slot);

	(void)err;
	for (size_t i = 0; i < list->n; i++)
		text_addf(out, "%s\n", list->items[i]);
	return 0;
}

int conf_lines_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	strv_done(conf_field(slot));
	return 0;
}

const struct conf_type conf_lines = { .set = lines_set,
	                              .get = conf_lines_get,
	                              .clear = conf_lines_clear };

/* A list of which each word is one element. */
static int words_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	const char *word;
	size_t len;

	while (conf_next_word(&value, &word, &len))
		if (strv_add_len(conf_field(slot), word, len) < 0)
			return err_oom(err);
	return 0;
}

const struct conf_type conf_words = { .set = words_set,
	                              .get = conf_lines_get,
	                              .clear = conf_lines_clear };

/* "5, 20": numbers, kept in decimal. */
static int ids_add(const struct conf_slot *slot, const struct strv *fields, struct err *err)
{
	struct strv *list = conf_field(slot);

	for (size_t i = 0; i < fields->n; i++) {
		uint32_t id;

		if (num_parse_c32(fields->items[i], &id) < 0)
			return conf_bad_value(slot, fields->items[i],
			                      "numbers with commas between them, or the "
			                      "word '" CONF_GROUPS_KEEP "' alone",
			                      err);
		if (strv_addf(list, "%u", id) < 0)
			return err_oom(err);
	}
	return 0;
}

static int ids_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	_cleanup_(strv_done) struct strv fields = {};
	struct strv *list = conf_field(slot);
	size_t before = list->n;
	int r;

	if (list->n && strcmp(list->items[0], CONF_GROUPS_KEEP) == 0)
		return conf_bad_value(slot, value, "nothing more after '" CONF_GROUPS_KEEP "'",
		                      err);
	if (!list->n && strcmp(value, CONF_GROUPS_KEEP) == 0)
		return strv_add(list, value) < 0 ? err_oom(err) : 0;
	if (strv_split_at(&fields, value, ',') < 0)
		return err_oom(err);
	r = ids_add(slot, &fields, err);
	while (r < 0 && list->n > before)
		strv_remove(list, list->n - 1);
	return r;
}

static int ids_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct strv *list = conf_field(slot);

	(void)err;
	for (size_t i = 0; i < list->n; i++)
		text_addf(out, "%s%s", i ? "," : "", list->items[i]);
	return 0;
}

bool conf_keeps_groups(const struct conf *conf)
{
	return conf->init_groups.n == 1 &&
	       strcmp(conf->init_groups.items[0], CONF_GROUPS_KEEP) == 0;
}

const struct conf_type conf_ids = { .set = ids_set, .get = ids_get, .clear = conf_lines_clear };

/* "NAME=value", or "NAME" for the value that our own environment has now. */
static int environment_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	const char *own;

	if (*value == '=')
		return conf_bad_value(slot, value, "NAME=VALUE or NAME", err);
	if (strchr(value, '='))
		return lines_set(slot, value, err);
	own = getenv(value);
	if (!own) {
		(void)err_say(err, -ENOENT, "'%s': there is no variable '%s' to take over",
		              slot->name, SHOW(value));
		err_hint(err, "give it a value: '%s = %s=...'", slot->name, SHOW(value));
		return -ENOENT;
	}
	return strv_addf(conf_field(slot), "%s=%s", value, own) < 0 ? err_oom(err) : 0;
}

const struct conf_type conf_environment = {
	.set = environment_set,
	.get = conf_lines_get,
	.clear = conf_lines_clear,
};

/* lxc.hook alone can only be emptied: every hook at once. */
static int all_hooks_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	(void)value;
	(void)err_say(err, -EINVAL, "'%s' takes no value", slot->name);
	err_hint(err, "name the hook, as in 'lxc.hook.pre-start = COMMAND'");
	return -EINVAL;
}

static int all_hooks_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	(void)out;
	return err_say(err, -EINVAL, "'%s' has no value of its own", slot->name);
}

static int all_hooks_clear(const struct conf_slot *slot, struct err *err)
{
	struct strv *hooks = conf_field(slot);

	(void)err;
	for (size_t i = 0; i < CONF_HOOK_MAX; i++)
		strv_done(&hooks[i]);
	return 0;
}

const struct conf_type conf_all_hooks = {
	.set = all_hooks_set,
	.get = all_hooks_get,
	.clear = all_hooks_clear,
};
