/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state file of a running container. */
#include "container/rundir.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
	if (path && (path[0] != '/' || strchr(path, '\n')))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct run_state state = { .init_pid = 77 };

	if (!text)
		return 0;
	if (run_state_parse(text, &state) < 0) {
		if (state.init_pid != 77)
			abort();
		return 0;
	}
	if (state.init_pid < 0 || state.monitor_pid < 0 ||
	    !memchr(state.boot_id, '\0', sizeof(state.boot_id)))
		abort();
	check_path(state.monitor_cgroup);
	check_path(state.payload_cgroup);
	run_state_done(&state);
	return 0;
}
