/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_KEYS_INTERNAL_H
#define RLXC_CGROUP_KEYS_INTERNAL_H

#include "cgroup/keys.h"

#include <stddef.h>
#include <stdint.h>

/* What the table of v1 files and the conversions of their values share. */

struct cgroup_word {
	const char *s;
	size_t len;
};

/* Cuts the next word off @text; false when there is none. */
bool cgroup_next_word(const char **text, struct cgroup_word *ret_word);
bool cgroup_word_is(struct cgroup_word word, const char *text);
int cgroup_word_number(struct cgroup_word word, uint64_t *ret_value);
/* The whole text is one word that is a number, or -EINVAL. */
int cgroup_parse_number(const char *text, uint64_t *ret_value);
void cgroup_add_number(struct text *out, uint64_t number);
uint64_t cgroup_clamp(uint64_t value, uint64_t low, uint64_t high);
/* value * to / from, to the nearest. */
uint64_t cgroup_scale(uint64_t value, uint64_t to, uint64_t from);

/* Members cgroup_key.to_v2 (_set) and .to_v1 (_get). */
int cgroup_conv_bfq_device_weight_get(const struct cgroup_conversion *c);
int cgroup_conv_bfq_device_weight_set(const struct cgroup_conversion *c);
int cgroup_conv_device_weight_get(const struct cgroup_conversion *c);
int cgroup_conv_device_weight_set(const struct cgroup_conversion *c);
int cgroup_conv_flat_get(const struct cgroup_conversion *c);
int cgroup_conv_freezer_get(const struct cgroup_conversion *c);
int cgroup_conv_freezer_set(const struct cgroup_conversion *c);
int cgroup_conv_limit_get(const struct cgroup_conversion *c);
int cgroup_conv_limit_set(const struct cgroup_conversion *c);
int cgroup_conv_memsw_get(const struct cgroup_conversion *c);
int cgroup_conv_memsw_set(const struct cgroup_conversion *c);
int cgroup_conv_number_set(const struct cgroup_conversion *c);
int cgroup_conv_period_get(const struct cgroup_conversion *c);
int cgroup_conv_period_set(const struct cgroup_conversion *c);
int cgroup_conv_quota_get(const struct cgroup_conversion *c);
int cgroup_conv_quota_set(const struct cgroup_conversion *c);
int cgroup_conv_same(const struct cgroup_conversion *c);
int cgroup_conv_same_weight_get(const struct cgroup_conversion *c);
int cgroup_conv_service_get(const struct cgroup_conversion *c);
int cgroup_conv_shares_get(const struct cgroup_conversion *c);
int cgroup_conv_shares_set(const struct cgroup_conversion *c);
int cgroup_conv_soft_get(const struct cgroup_conversion *c);
int cgroup_conv_soft_set(const struct cgroup_conversion *c);
int cgroup_conv_throttle_get(const struct cgroup_conversion *c);
int cgroup_conv_throttle_set(const struct cgroup_conversion *c);
int cgroup_conv_ticks_get(const struct cgroup_conversion *c);
int cgroup_conv_time_get(const struct cgroup_conversion *c);
int cgroup_conv_weight_get(const struct cgroup_conversion *c);
int cgroup_conv_weight_set(const struct cgroup_conversion *c);

#endif
