/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/caps.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "conf/conf.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

static uint64_t bit(unsigned int cap)
{
	return (uint64_t)1 << cap;
}

unsigned int caps_last(void)
{
	cap_value_t n = cap_max_bits();

	return n > 0 && n <= 64 ? (unsigned int)n - 1 : CAP_LAST_CAP;
}

int caps_parse(const char *name)
{
	uint32_t number = UINT32_MAX;

	(void)num_parse_c32(name, &number);
	for (uint32_t i = 0; i < CONF_CAPS; i++)
		if (strcmp(name, conf_cap_names[i]) == 0)
			number = i;
	return number <= caps_last() ? (int)number : -EINVAL;
}

const char *caps_name(unsigned int cap)
{
	return cap < CONF_CAPS ? conf_cap_names[cap] : NULL;
}

/* ---- deciding -------------------------------------------------------------------------------- */

static void hint_for(const char *word, struct err *err)
{
	bool prefixed = strncasecmp(word, "cap_", 4) == 0;
	const char *near = str_nearest(prefixed ? word + 4 : word, conf_cap_names, CONF_CAPS, 2);

	if (prefixed)
		err_hint(err, "names are written in lower case and without 'CAP_'");
	else if (near)
		err_hint(err, "did you mean '%s'?", near);
}

static int add_words(const struct strv *words, const char *key, uint64_t *set, struct err *err)
{
	for (size_t i = 0; i < words->n; i++) {
		int cap = caps_parse(words->items[i]);

		if (cap < 0) {
			err_say(err, cap, "%s: this kernel has no capability '%s'", key,
			        words->items[i]);
			hint_for(words->items[i], err);
			return cap;
		}
		*set |= bit((unsigned int)cap);
	}
	return 0;
}

/* "none" discards what stands before it. */
static struct strv after_none(const struct strv *keep)
{
	size_t start = 0;

	for (size_t i = 0; i < keep->n; i++)
		if (strcmp(keep->items[i], "none") == 0)
			start = i + 1;
	return (struct strv){ .items = keep->items + start, .n = keep->n - start };
}

int caps_plan(const struct strv *drop, const struct strv *keep, uint64_t *ret_bounding,
              struct err *err)
{
	uint64_t all = UINT64_MAX >> (63 - caps_last()), named = 0;
	struct strv kept;
	int r;

	if (drop->n && keep->n)
		return err_say(err, -EINVAL,
		               "lxc.cap.drop and lxc.cap.keep cannot be used together");
	if (keep->n) {
		kept = after_none(keep);
		r = add_words(&kept, "lxc.cap.keep", &named, err);
	} else {
		r = add_words(drop, "lxc.cap.drop", &named, err);
		named = all & ~named;
	}
	if (r < 0)
		return r;
	*ret_bounding = named;
	return 0;
}

/* ---- acting ---------------------------------------------------------------------------------- */

static void free_set(cap_t *set)
{
	if (*set)
		(void)cap_free(*set);
}

static int drop_bounding(uint64_t bounding, struct err *err)
{
	for (unsigned int cap = 0; cap <= caps_last(); cap++) {
		const char *name = caps_name(cap);

		if ((bounding & bit(cap)) || cap_get_bound((cap_value_t)cap) == 0)
			continue;
		if (cap_drop_bound((cap_value_t)cap) < 0)
			return err_set(err, -errno, "cannot take capability %u (%s) away for good",
			               cap, name ? name : "unnamed");
	}
	return 0;
}

/* Empties inheritable and limits effective and permitted to @bounding; never raises anything. */
static int limit_sets(uint64_t bounding)
{
	_cleanup_(free_set) cap_t set = cap_get_proc();

	if (!set || cap_clear_flag(set, CAP_INHERITABLE) < 0)
		return -errno;
	for (unsigned int cap = 0; cap <= caps_last(); cap++) {
		cap_value_t value = (cap_value_t)cap;

		if (bounding & bit(cap))
			continue;
		if (cap_set_flag(set, CAP_EFFECTIVE, 1, &value, CAP_CLEAR) < 0 ||
		    cap_set_flag(set, CAP_PERMITTED, 1, &value, CAP_CLEAR) < 0)
			return -errno;
	}
	return cap_set_proc(set) < 0 ? -errno : 0;
}

/* The order matters: taking away from the bounding set needs CAP_SETPCAP in the effective one.
 * Securebits stay as they are, so exec by uid 0 gives all that the bounding set holds. */
int caps_apply(uint64_t bounding, uint64_t until_exec, struct err *err)
{
	int r;

	if (cap_reset_ambient() < 0)
		return err_set(err, -errno, "cannot empty the ambient capabilities");
	r = drop_bounding(bounding, err);
	if (r < 0)
		return r;
	r = limit_sets(bounding | until_exec);
	if (r < 0)
		return err_set(err, r, "cannot set the capabilities of the process");
	return 0;
}

int caps_regain(struct err *err)
{
	_cleanup_(free_set) cap_t set = cap_get_proc();

	if (!set || cap_fill_flag(set, CAP_EFFECTIVE, set, CAP_PERMITTED) < 0 ||
	    cap_set_proc(set) < 0)
		return err_set(err, -errno, "cannot keep the capabilities over the change of ids");
	return 0;
}

void caps_drop_all(void)
{
	(void)cap_reset_ambient();
	(void)drop_bounding(0, NULL);
	(void)limit_sets(0);
}
