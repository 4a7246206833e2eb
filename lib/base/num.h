/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_NUM_H
#define RLXC_BASE_NUM_H

#include <stdint.h>

#define NUM_TEXT_MAX 24 /* any 64-bit number in decimal, with sign and NUL */

/* Strict decimal: digits only, no sign, blank, prefix or leading zero ("0" itself is fine).
 * -EINVAL: not such a number. -ERANGE: does not fit. Outputs are untouched on failure. */
int num_parse_u32(const char *text, uint32_t *ret_value);
int num_parse_u64(const char *text, uint64_t *ret_value);

/* As C writes numbers (0x1f, 017, 42, with blanks in front): what LXC's integer keys accept.
 * The whole text counts. */
int num_parse_c32(const char *text, uint32_t *ret_value);
int num_parse_c64(const char *text, uint64_t *ret_value);
int num_parse_cint(const char *text, int32_t *ret_value);
int num_parse_cint64(const char *text, int64_t *ret_value);

/* Decimal text of @value in @text (NUM_TEXT_MAX bytes), which is returned. */
char *num_format(char *text, int64_t value);

#endif
