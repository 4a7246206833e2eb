/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_CHECK_PRINT_H
#define RLXC_RUNNER_CHECK_PRINT_H

#include "base/text.h"

#include <rlxc.h>

#include <stdbool.h>
#include <stddef.h>

/* What lxc-checkconfig prints: LXC's sections and lines, with what is wrong and what repairs it
 * below a line, indented. */
void check_add_text(struct text *text, const struct rlxc_check *checks, size_t n, bool color);
void check_add_json(struct text *text, const struct rlxc_check *checks, size_t n);
/* Something that is needed does not work. */
bool check_has_failed(const struct rlxc_check *checks, size_t n);

#endif
