/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot-order.h"

#include <stdlib.h>
#include <string.h>

int boot_add_groups(struct strv *groups, const char *list)
{
	for (;;) {
		size_t len = strcspn(list, ",");
		int r = strv_add_len(groups, list, len);

		if (r < 0)
			return r;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

static bool is_member(const struct rlxc_boot *boot, const char *group)
{
	char **own = boot->groups;

	if (!*group)
		return !own || !*own;
	for (; own && *own; own++)
		if (strcmp(*own, group) == 0)
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct rlxc_boot *x = *(const struct rlxc_boot *const *)a;
	const struct rlxc_boot *y = *(const struct rlxc_boot *const *)b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int compare_reverse(const void *a, const void *b)
{
	return compare(b, a);
}

static bool is_chosen(const struct rlxc_boot *boot, const struct rlxc_boot *const *chosen, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (chosen[i] == boot)
			return true;
	return false;
}

/* @group NULL: any. Returns how many there are now. */
static size_t add_group(const struct rlxc_boot *boots, size_t n, const struct boot_choice *choice,
                        const char *group, const struct rlxc_boot **chosen, size_t n_chosen)
{
	size_t first = n_chosen;

	for (size_t i = 0; i < n; i++) {
		const struct rlxc_boot *boot = &boots[i];

		if (boot->runs != choice->running || (!boot->autostart && !choice->ignore_auto))
			continue;
		if ((group && !is_member(boot, group)) || is_chosen(boot, chosen, n_chosen))
			continue;
		chosen[n_chosen++] = boot;
	}
	qsort(chosen + first, n_chosen - first, sizeof(void *),
	      choice->running ? compare_reverse : compare);
	return n_chosen;
}

size_t boot_choose(const struct rlxc_boot *boots, size_t n, const struct boot_choice *choice,
                   const struct rlxc_boot **ret_chosen)
{
	size_t n_chosen = 0;

	if (choice->all || !choice->groups.n)
		return add_group(boots, n, choice, choice->all ? NULL : "", ret_chosen, 0);
	for (size_t i = 0; i < choice->groups.n; i++)
		n_chosen =
			add_group(boots, n, choice, choice->groups.items[i], ret_chosen, n_chosen);
	return n_chosen;
}
