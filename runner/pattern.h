/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_PATTERN_H
#define RLXC_RUNNER_PATTERN_H

#include <rlxc.h>

#include <regex.h>

/* An extended regular expression; the error shows it as it was typed. */
int pattern_compile(const char *pattern, const char *typed, regex_t *ret_regex,
                    struct rlxc_err *err);

#endif
