/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CHECK_H
#define RLXC_CONTAINER_CHECK_H

#include "api/rlxc.h"
#include "base/err.h"

#include <stddef.h>

/* Proves by doing what containers need of this host: see rlxc_check in rlxc.h. */
int container_check(const char *const *subjects, size_t n_subjects, struct rlxc_check **ret_checks,
                    size_t *ret_n, struct err *err);
/* NULL past the end. */
const char *container_check_subject(unsigned int i);

#endif
