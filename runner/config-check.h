/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_CONFIG_CHECK_H
#define RLXC_RUNNER_CONFIG_CHECK_H

#include "options.h"

/* rlxc config check FILE, rlxc config explain [KEY]: the exit codes. */
int config_check(const struct request *req, struct rlxc *rlxc, const char *path);
int config_explain(const struct request *req, const char *key);

#endif
