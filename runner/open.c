/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "open.h"

#include "commands.h"

#include <stdio.h>

int open_store(const struct request *req, struct rlxc **ret_rlxc, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	char prog[32];
	int r;

	r = rlxc_open(req->lxcpath, &rlxc, err);
	if (r < 0)
		return r;
	(void)snprintf(prog, sizeof(prog), "lxc-%s", req->command->name);
	r = rlxc_log(rlxc, prog, req->name, req->logfile, req->loglevel, req->quiet, err);
	if (r < 0)
		return r;
	*ret_rlxc = take_ptr(rlxc);
	return 0;
}
