/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic.h"

#include "priv/auth.h"

#include "base/num.h"

#include <stdio.h>
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

/* "/proc/PID/ns/net" for delete, "PID" for create; written again it is the same word. 0: no. */
static uint32_t parse_pid(const char *word, bool is_path)
{
	char again[NETNS_MAX];
	uint32_t pid = 0;

	(void)sscanf(word, is_path ? "/proc/%u" : "%u", &pid);
	(void)snprintf(again, sizeof(again), is_path ? "/proc/%u/ns/net" : "%u", pid);
	return AUTH(strcmp(word, again) == 0) && pid <= PID_MAX ? pid : 0;
}

int request_parse(int argc, char *const argv[], struct request *ret_request)
{
	struct request request = { .remove = strcmp(argv[COMMAND], "delete") == 0,
		                   .fd = request_fd(argv) };
	const char *nic = argc > NIC ? argv[NIC] : request.remove ? "" : NAME_NIC_DEFAULT;
	uint32_t owner;
	const bool is_good[] = {
		[COMMAND] = request.remove || strcmp(argv[COMMAND], "create") == 0,
		[LXCPATH] = is_plain(argv[LXCPATH], ""),
		[NAME] = is_plain(argv[NAME], "/"),
		[NETNS] = true,
		[TYPE] = AUTH(strcmp(argv[TYPE], "veth") == 0),
		[BRIDGE] = AUTH(name_is_bridge(argv[BRIDGE])),
		[NIC] = request.remove ? AUTH(name_owner(nic, &owner) == 0)
		                       : AUTH(name_is_nic(nic)),
	};

	for (int i = COMMAND; i <= NIC; i++)
		if (!is_good[i])
			return i;
	request.pid = parse_pid(argv[NETNS], request.remove);
	request.any_netns = request.remove && strcmp(argv[NETNS], "-") == 0;
	(void)strcpy(request.bridge, argv[BRIDGE]);
	(void)strcpy(request.nic, nic);
	*ret_request = request;
	return 0;
}
