/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/types.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

static const struct net_type *const types[] = {
	&net_type_none,    &net_type_empty,  &net_type_veth, &net_type_vlan,
	&net_type_macvlan, &net_type_ipvlan, &net_type_phys, &net_type_user,
};

const struct net_type *net_type_of(enum conf_net_type kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i]->kind == kind)
			return types[i];
	return NULL;
}

int net_refuse_foreign(const struct net_link *link, const struct net_foreign *foreign,
                       struct err *err)
{
	uint32_t index = link->conf->index;

	while (foreign->key && !foreign->is_set)
		foreign++;
	if (!foreign->key)
		return 0;
	err_say(err, -EINVAL, "'lxc.net.%u.%s' means nothing for a device of type %s", index,
	        foreign->key, link->type->name);
	err_hint(err, "remove it, or choose another lxc.net.%u.type", index);
	return -EINVAL;
}

int net_word_find(const struct net_word *words, const char *word)
{
	for (size_t i = 0; *words[i].word; i++)
		if (!word || strcmp(words[i].word, word) == 0)
			return words[i].value;
	return -EINVAL;
}

const char *net_word_of(const struct net_word *words, uint16_t value)
{
	while (*words->word && words->value != value)
		words++;
	return *words->word ? words->word : NULL;
}
