/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "request.h"

#include "priv/auth.h"

#include "base/num.h"

#include <stddef.h>
#include <string.h>

#define WORD_MAX 256
#define NETNS_MAX 64
#define PID_MAX 4194304 /* of 64-bit kernels */
#define FD_MAX 1023

enum { COMMAND = 1, LXCPATH, NAME, NETNS, TYPE, BRIDGE, NIC };

bool request_is_usable(int argc, char *const argv[])
{
	if (!AUTH(argc >= BRIDGE + 1) || !AUTH(argc <= NIC + 1))
		return false;
	for (int i = 0; i < argc; i++)
		if (!argv[i] ||
		    !AUTH(strnlen(argv[i], WORD_MAX) < (i == NETNS ? NETNS_MAX : WORD_MAX)))
			return false;
	return true;
}

int request_fd(char *const argv[])
{
	uint32_t fd;

	if (strncmp(argv[NETNS], "fd:", 3) != 0 || num_parse_u32(argv[NETNS] + 3, &fd) < 0 ||
	    !AUTH(fd > 2) || !AUTH(fd <= FD_MAX))
		return -1;
	return (int)fd;
}

/* No control characters, nothing that is not a name. */
static bool is_plain(const char *word, const char *refused)
{
	if (!*word || word[strcspn(word, refused)])
		return false;
	for (; *word; word++)
		if ((unsigned char)*word < ' ' || *word == 0x7f)
			return false;
	return true;
}

/* "/proc/PID/ns/net" for delete, "PID" for create. */
static bool parse_pid(const char *word, bool is_path, uint32_t *ret_pid)
{
	static const char before[] = "/proc/", behind[] = "/ns/net";
	char digits[NETNS_MAX];
	const char *first = is_path ? word + strlen(before) : word;
	const size_t n = strspn(first, "0123456789");
	uint32_t pid;

	(void)memcpy(digits, first, n);
	digits[n] = '\0';
	if (!AUTH(strcmp(first + n, is_path ? behind : "") == 0) ||
	    num_parse_u32(digits, &pid) < 0 || pid < 1 || pid > PID_MAX)
		return false;
	*ret_pid = pid;
	return true;
}

static void parse_netns(const char *word, struct request *request)
{
	const bool is_path = strncmp(word, "/proc/", 6) == 0;

	request->any_netns = request->remove && strcmp(word, "-") == 0;
	if (is_path == request->remove)
		(void)parse_pid(word, is_path, &request->pid);
}

int request_parse(int argc, char *const argv[], struct request *ret_request)
{
	struct request request = { .remove = strcmp(argv[COMMAND], "delete") == 0,
		                   .fd = request_fd(argv) };
	const char *nic = argc > NIC ? argv[NIC] : request.remove ? "" : NAME_NIC_DEFAULT;
	uint32_t owner;

	if (!request.remove && strcmp(argv[COMMAND], "create") != 0)
		return COMMAND;
	if (!is_plain(argv[LXCPATH], ""))
		return LXCPATH;
	if (!is_plain(argv[NAME], "/"))
		return NAME;
	if (!AUTH(strcmp(argv[TYPE], "veth") == 0))
		return TYPE;
	if (!AUTH(name_is_bridge(argv[BRIDGE])))
		return BRIDGE;
	if (!(request.remove ? AUTH(name_owner(nic, &owner) == 0) : AUTH(name_is_nic(nic))))
		return NIC;
	parse_netns(argv[NETNS], &request);
	(void)strcpy(request.bridge, argv[BRIDGE]);
	(void)strcpy(request.nic, nic);
	*ret_request = request;
	return 0;
}
