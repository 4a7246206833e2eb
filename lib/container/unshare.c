/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/unshare.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "container/spawn.h"
#include "host/caller.h"
#include "host/passwd.h"
#include "idmap/idmap.h"
#include "ns/ns.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

struct unshare {
	const struct rlxc_unshare_options *options;
	struct passwd_entry user; /* name NULL: no user was named */
};

/* ---- checks ---- */

static int check_needs(const struct rlxc_unshare_options *options, struct err *err)
{
	const struct {
		bool asked;
		enum ns_kind kind;
		const char *what, *word;
	} needs[] = {
		{ options->hostname != NULL, NS_UTS, "a host name", "UTSNAME" },
		{ options->n_interfaces > 0, NS_NET, "moving an interface", "NETWORK" },
		{ options->remount, NS_MNT, "remounting", "MOUNT" },
	};

	if (!options->namespaces) {
		err_say(err, -EINVAL, "no namespace is named");
		err_hint(err, "name what to unshare, such as -s 'MOUNT|PID'");
		return -EINVAL;
	}
	if (!options->argv || !options->argv[0])
		return err_say(err, -EINVAL, "there is no command to run");
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (!needs[i].asked || (options->namespaces & NS_BIT(needs[i].kind)))
			continue;
		err_say(err, -EINVAL, "%s needs a new %s namespace", needs[i].what,
		        ns_name(needs[i].kind));
		err_hint(err, "add %s to the list of -s", needs[i].word);
		return -EINVAL;
	}
	return 0;
}

static int find_user(const char *user, struct passwd_entry *ret_entry, struct err *err)
{
	uint32_t uid;
	int r;

	r = passwd_by_name(user, ret_entry);
	if (r == -ENOENT && num_parse_u32(user, &uid) == 0)
		r = passwd_by_uid(uid, ret_entry);
	if (r == -ENOENT)
		return err_say(err, r, "there is no user '%s'", user);
	return r < 0 ? err_oom(err) : 0;
}

/* ---- interfaces ---- */

struct link_request {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char attrs[64];
};

static void request_add(struct link_request *request, unsigned short type, const void *data,
                        size_t len)
{
	size_t at = NLMSG_ALIGN(request->head.nlmsg_len);
	struct rtattr attr = {
		.rta_len = (unsigned short)RTA_LENGTH(len),
		.rta_type = type,
	};

	memcpy((char *)request + at, &attr, sizeof(attr));
	memcpy((char *)request + at + RTA_LENGTH(0), data, len);
	request->head.nlmsg_len = (uint32_t)(at + RTA_ALIGN(attr.rta_len));
}

/* The kernel's acknowledgement, an error of 0 when all went well. */
static int read_ack(int sock)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[1024]; /* the request again, and the kernel's words */
	} answer;
	ssize_t n;

	do
		n = recv(sock, &answer, sizeof(answer), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_LENGTH(sizeof(answer.error)) || answer.head.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	return answer.error.error;
}

/* RTM_NEWLINK with IFLA_NET_NS_PID, see rtnetlink(7). The pid is our unreaped child's. */
static int send_move(const char *name, pid_t pid)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct link_request request = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(request.info)),
		          .nlmsg_type = RTM_NEWLINK,
		          .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.info = { .ifi_family = AF_UNSPEC },
	};
	_cleanup_close_ int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint32_t target = (uint32_t)pid;

	if (sock < 0)
		return -errno;
	request_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	request_add(&request, IFLA_NET_NS_PID, &target, sizeof(target));
	if (sendto(sock, &request, request.head.nlmsg_len, 0, (struct sockaddr *)&kernel,
	           sizeof(kernel)) < 0)
		return -errno;
	return read_ack(sock);
}

static int move_interface(const char *name, pid_t pid, struct err *err)
{
	int r;

	if (!name[0] || strlen(name) >= IFNAMSIZ)
		return err_say(err, -EINVAL, "'%s' is no interface name", name);
	r = send_move(name, pid);
	if (r == -ENODEV)
		return err_say(err, r, "there is no interface '%s'", name);
	if (r < 0)
		err_set(err, r, "cannot move interface '%s' into the new network namespace", name);
	if (r == -EPERM)
		err_hint(err, "it takes CAP_NET_ADMIN on the host: run the command as root");
	return r;
}

static int prepare_outside(void *arg, pid_t pid, struct err *err)
{
	const struct unshare *unshare = arg;
	int r = 0;

	for (size_t i = 0; i < unshare->options->n_interfaces && r == 0; i++)
		r = move_interface(unshare->options->interfaces[i], pid, err);
	return r;
}

/* ---- inside ---- */

/* Mounted over what is there: in a user namespace the old mounts cannot be taken away, and as
 * root a failed mount leaves the old one in place. */
static int remount_all(const struct rlxc_unshare_options *options, struct err *err)
{
	static const struct {
		const char *path, *type, *data;
		unsigned long flags;
		enum ns_kind owner; /* the namespace that must be the caller's own */
		const char *word;
	} mounts[] = {
		{ "/proc", "proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, NS_PID, "PID" },
		{ "/dev/shm", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV, NS_USER, "USER" },
		{ "/dev/mqueue", "mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, NS_IPC, "IPC" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		int r;

		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags,
		          mounts[i].data) == 0)
			continue;
		r = -errno;
		if (r == -ENOENT)
			continue; /* a host without the directory has nothing to remount there */
		err_set(err, r, "cannot mount %s on '%s'", mounts[i].type, mounts[i].path);
		if (r == -EPERM && !(options->namespaces & NS_BIT(mounts[i].owner)))
			err_hint(err, "add %s to the list of -s", mounts[i].word);
		return r;
	}
	return 0;
}

static int prepare_mounts(const struct rlxc_unshare_options *options, struct err *err)
{
	if (!(options->namespaces & NS_BIT(NS_MNT)))
		return 0;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(err, -errno, "cannot make the mounts private");
	return options->remount ? remount_all(options, err) : 0;
}

static int prepare_inside(void *arg, struct err *err)
{
	const struct unshare *unshare = arg;
	const char *hostname = unshare->options->hostname;
	int r;

	if (hostname && sethostname(hostname, strlen(hostname)) < 0)
		return err_set(err, -errno, "cannot set the host name '%s'", hostname);
	r = prepare_mounts(unshare->options, err);
	if (r < 0 || !unshare->user.name)
		return r;
	return idmap_become(unshare->user.uid, unshare->user.gid, /* keep_groups= */ false, err);
}

/* The user's two ids inside are the caller's outside. LXC maps the uid alone; without a gid no
 * file can be made on a file system mounted inside, such as the /dev/shm of -M. */
static int map_user(const struct unshare *unshare, const struct caller *caller,
                    struct conf_idmaps *maps, struct err *err)
{
	if (idmap_add(maps, IDMAP_UID, unshare->user.uid, caller->uid, 1) < 0 ||
	    idmap_add(maps, IDMAP_GID, unshare->user.gid, caller->gid, 1) < 0)
		return err_oom(err);
	return 0;
}

static void unshare_done(struct unshare *unshare)
{
	passwd_done(&unshare->user);
}

int ns_unshare(const struct rlxc_unshare_options *options, struct err *err)
{
	_cleanup_(unshare_done) struct unshare unshare = { .options = options };
	_cleanup_(caller_done) struct caller caller = {};
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	struct spawn spawn = {
		.flags = ns_clone_flags(options->namespaces),
		.maps = &maps,
		.caller = &caller,
		.argv = options->argv,
		.background = options->daemon,
		.outside = prepare_outside,
		.inside = prepare_inside,
		.arg = &unshare,
	};
	int r;

	r = check_needs(options, err);
	if (r == 0)
		r = caller_load(&caller, err);
	if (r == 0 && options->user)
		r = find_user(options->user, &unshare.user, err);
	if (r == 0 && options->user)
		r = map_user(&unshare, &caller, &maps, err);
	return r < 0 ? r : spawn_run(&spawn, err);
}
