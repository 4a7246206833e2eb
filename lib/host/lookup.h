/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_LOOKUP_H
#define RLXC_HOST_LOOKUP_H

/* Questions that only a directory service can answer, asked by our program rlxc-lookup (see
 * there): its modules are not opened in this process.
 * @question: "uid", "name", "subuid" or "subgid". Owned answer, at most 1 MiB. -ENOENT: it knows
 * nobody of that name, or got no answer; -ELIBACC: there is no libsubid that we know, or no
 * rlxc-lookup. */
int lookup_ask(const char *question, const char *whom, char **ret_text);

#endif
