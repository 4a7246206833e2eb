/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/status.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "container/record.h"
#include "container/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_MAX (16 * 1024)

int run_status_write(const struct rundir *dir, const struct run_status *status)
{
	_cleanup_free_ char *data = NULL;
	struct text text = {};
	int r;

	text_addf(&text, "state %s\ninit %d\nmonitor %d\nautostart %d\nunprivileged %d\n",
	          state_name(status->state), (int)status->init_pid, (int)status->monitor_pid,
	          status->autostart, status->unprivileged);
	if (status->groups[0])
		text_addf(&text, "groups %s\n", status->groups);
	for (size_t i = 0; i < status->n_addrs; i++) {
		const struct rlxc_addr *addr = &status->addrs[i];

		text_addf(&text, "addr %s %c%c %s\n", addr->interface, addr->ipv6 ? '6' : '4',
		          addr->shown ? 's' : 'h', addr->text);
	}
	for (size_t i = 0; i < status->leaves.n; i++)
		if (!strchr(status->leaves.items[i], '\n'))
			text_addf(&text, "cgroup %s\n", status->leaves.items[i]);
	r = text_finish(&text, &data);
	return r < 0 ? r : record_write(dir->dir_fd, "status", data);
}

/* "IFNAME 4s ADDRESS"; an interface name holds no blank, see dev_valid_name of the kernel. */
static int take_addr(char *value, struct run_status *status)
{
	char *kind = strchr(value, ' '), *text;
	struct rlxc_addr *addrs, *addr;

	if (!kind || strlen(kind) < 4 || kind[3] != ' ' || status->n_addrs >= STATUS_ADDRS_MAX)
		return -EBADMSG;
	*kind++ = '\0';
	text = kind + 3;
	if (strlen(value) >= sizeof(addr->interface) || strlen(text) >= sizeof(addr->text))
		return -EBADMSG;
	addrs = reallocarray(status->addrs, status->n_addrs + 1, sizeof(*addrs));
	if (!addrs)
		return -ENOMEM;
	status->addrs = addrs;
	addr = &addrs[status->n_addrs++];
	*addr = (struct rlxc_addr){ .ipv6 = kind[0] == '6', .shown = kind[1] == 's' };
	memcpy(addr->interface, value, strlen(value) + 1);
	memcpy(addr->text, text, strlen(text) + 1);
	return 0;
}

static int take_line(char *key, char *value, struct run_status *status)
{
	uint32_t number;
	int state;

	if (strcmp(key, "addr") == 0)
		return take_addr(value, status);
	if (strcmp(key, "cgroup") == 0)
		return strv_add(&status->leaves, value);
	if (strcmp(key, "groups") == 0) {
		(void)snprintf(status->groups, sizeof(status->groups), "%s", value);
		return 0;
	}
	if (strcmp(key, "state") == 0) {
		state = state_parse(value);
		status->state = state < 0 ? status->state : (enum rlxc_state)state;
		return state < 0 ? -EBADMSG : 0;
	}
	if (num_parse_u32(value, &number) < 0)
		return -EBADMSG;
	if (strcmp(key, "init") == 0)
		status->init_pid = (pid_t)number;
	else if (strcmp(key, "monitor") == 0)
		status->monitor_pid = (pid_t)number;
	else if (strcmp(key, "autostart") == 0)
		status->autostart = number;
	else if (strcmp(key, "unprivileged") == 0)
		status->unprivileged = number;
	return 0;
}

void run_status_done(struct run_status *status)
{
	free(status->addrs);
	status->addrs = NULL;
	status->n_addrs = 0;
	strv_done(&status->leaves);
}

int run_status_parse(char *text, struct run_status *ret_status)
{
	_cleanup_(run_status_done) struct run_status status = {};
	char *rest = text, *line;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ' ');

		if (!value)
			continue;
		*value++ = '\0';
		r = take_line(line, value, &status);
	}
	if (r == 0) {
		*ret_status = status;
		status = (struct run_status){}; /* it owns nothing any more */
	}
	return r;
}

int run_status_read(const struct rundir *dir, struct run_status *ret_status)
{
	_cleanup_free_ char *text = NULL;
	int r = record_read(dir->dir_fd, "status", STATUS_MAX, &text);

	return r < 0 ? r : run_status_parse(text, ret_status);
}

enum rlxc_state run_status_state(const struct rundir *dir)
{
	_cleanup_(run_status_done) struct run_status status = {};

	return run_status_read(dir, &status) < 0 ? RLXC_STARTING : status.state;
}
