/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic.h"

#include "priv/auth.h"
#include "priv/say.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#define TRIES 32
#define MTU_DEFAULT 1500

bool nic_is_recorded(const struct link *link, const struct record *record)
{
	return AUTH(strcmp(link->kind, "veth") == 0) &&
	       AUTH(strcmp(link->name, record->nic) == 0) &&
	       (record->ifindex == 0 || AUTH(link->ifindex == record->ifindex));
}

bool nic_is_placed(const struct link *host, uint32_t master)
{
	return AUTH(strcmp(host->kind, "veth") == 0) && AUTH(host->master == master) &&
	       AUTH(host->peer_nsid != LINK_HERE);
}

/* The ports of Open vSwitch have a master that we do not know. */
static uint32_t master_of(const struct nic_job *job, const struct link *host)
{
	return job->is_ovs ? host->master : job->bridge.ifindex;
}

/* ---- what the owner has ---- */

/* Drops records whose link is gone, and completes those whose maker was killed: whoever has the
 * lock is the only one who could still be making one. */
static void settle(struct nic_job *job)
{
	struct records *records = &job->records;
	struct link link;

	for (size_t i = records->n; i-- > 0;) {
		struct record *record = &records->list[i];
		const int r = link_get(&job->link, record->ifindex, record->nic, LINK_HERE, &link);

		if (r == 0 && nic_is_recorded(&link, record))
			record->ifindex = link.ifindex;
		else if (r == 0 || r == -ENODEV)
			records_remove(records, i);
	}
}

static void append(struct nic_job *job, uint32_t uid, const char *nic, uint32_t ifindex)
{
	struct record *record = &job->records.list[job->records.n++];

	*record = (struct record){ .uid = uid, .ifindex = ifindex };
	(void)strcpy(record->bridge, job->request.bridge);
	(void)strcpy(record->nic, nic);
}

/* A link with a name of ours on the bridge, but without a record. */
static void adopt_one(void *arg, const struct link *link)
{
	struct nic_job *job = arg;
	struct records *records = &job->records;
	uint32_t uid;

	if (name_owner(link->name, &uid) == 0 && nic_is_placed(link, job->bridge.ifindex) &&
	    (records->owner->is_group || AUTH(uid == job->uid)) && records->n < RECORDS_MAX &&
	    !records_find(records, uid, job->request.bridge, link->name))
		append(job, uid, link->name, link->ifindex);
}

/* Is another owner charged for it: one of the caller's groups, or who made it? */
static bool is_charged_elsewhere(const struct nic_job *job, const struct record *record)
{
	const struct grant *owner = job->records.owner, maker = { .id = record->uid };

	for (size_t i = 0; i < job->policy.n_grants; i++)
		if (&job->policy.grants[i] != owner && job->policy.grants[i].is_group &&
		    records_have(job->dir_fd, &job->policy.grants[i], record))
			return true;
	return owner->is_group && records_have(job->dir_fd, &maker, record);
}

/* Records that were lost. Not each time: a bridge may have a thousand ports of others. */
static void adopt(struct nic_job *job)
{
	struct records *records = &job->records;
	const size_t known = records->n;
	int r = -EAGAIN;

	if (!records->are_lost)
		return;
	for (int tries = 0; r == -EAGAIN && tries < 4; tries++)
		r = link_list(&job->link, job->bridge.ifindex, adopt_one, job);
	for (size_t i = records->n; i-- > known;)
		if (is_charged_elsewhere(job, &records->list[i]))
			records_remove(records, i);
}

/* ---- create ---- */

/* A name that nobody has, and an address. */
static void choose_name(struct nic_job *job, struct link_pair *pair)
{
	uint8_t bytes[NAME_RANDOM + sizeof(pair->host_address)];
	int r = 0;

	for (int i = 0; r == 0 && i < TRIES; i++) {
		if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
			break;
		name_host_nic(job->uid, bytes, pair->host);
		r = link_get(&job->link, 0, pair->host, LINK_HERE, &(struct link){});
	}
	if (r != -ENODEV)
		priv_fail("cannot create");
	(void)memcpy(pair->host_address, bytes + NAME_RANDOM, sizeof(pair->host_address));
	pair->host_address[0] = 0xfe; /* never the lowest, which the bridge would take over */
}

static void make_pair(struct nic_job *job, struct link_pair *pair)
{
	int r;

	choose_name(job, pair);
	append(job, job->uid, pair->host, 0);
	if (records_save(&job->records) < 0)
		priv_fail("cannot record");
	r = link_create_pair(&job->link, pair);
	if (r == 0)
		return;
	job->records.n--;
	(void)records_save(&job->records);
	priv_fail(r == -EEXIST ? "name taken" : "cannot create");
}

static bool look_at_both(struct nic_job *job, const struct link_pair *pair)
{
	struct link *host = &job->host;

	return link_get(&job->link, 0, pair->host, LINK_HERE, host) == 0 &&
	       nic_is_placed(host, master_of(job, host)) &&
	       link_get(&job->link, host->peer, NULL, host->peer_nsid, &job->inside) == 0;
}

static bool make(struct nic_job *job)
{
	struct records *records = &job->records;
	struct link_pair pair = { .master = job->is_ovs ? 0 : job->bridge.ifindex,
		                  .mtu = job->bridge.ifindex ? job->bridge.mtu : MTU_DEFAULT,
		                  .peer = job->request.nic,
		                  .netns_fd = job->netns_fd };

	if (!AUTH(records_count(records, job->request.bridge) < records->owner->count) ||
	    records->n == RECORDS_MAX)
		return false;
	make_pair(job, &pair);
	if (!look_at_both(job, &pair) || (job->is_ovs && !ovs_change(pair.host))) {
		/* Nothing of it may stay; its record does until it is certain. */
		if (job->host.ifindex)
			(void)link_delete(&job->link, job->host.ifindex);
		priv_fail("cannot create");
	}
	records->list[records->n - 1].ifindex = job->host.ifindex;
	(void)records_save(&job->records); /* without: the next run completes it by name */
	priv_log(LOG_INFO, "user %u gets %s on %s", job->uid, pair.host, job->request.bridge);
	return true;
}

/* ---- delete ---- */

static bool remove_it(struct nic_job *job)
{
	const struct request *request = &job->request;
	struct records *records = &job->records;
	struct record *record = records_find(records, job->uid, request->bridge, request->nic);
	struct link link;

	if (!record || link_get(&job->link, record->ifindex, record->nic, LINK_HERE, &link) < 0 ||
	    !nic_is_recorded(&link, record) || !nic_is_placed(&link, master_of(job, &link)))
		return false;
	if ((job->is_ovs && !ovs_change(link.name)) || link_delete(&job->link, link.ifindex) < 0)
		priv_fail("cannot remove");
	records_remove(records, (size_t)(record - records->list));
	(void)records_save(&job->records); /* without: the next run drops it */
	priv_log(LOG_INFO, "user %u removes %s from %s", job->uid, link.name, request->bridge);
	return true;
}

/* ---- both ---- */

void nic_change(struct nic_job *job)
{
	const bool remove = job->request.remove;
	const char *why = remove ? "no such nic of yours" : "quota reached";

	for (size_t i = 0; i < job->policy.n_grants; i++) {
		bool done;

		if (!records_lock(&job->records, job->dir_fd, &job->policy.grants[i])) {
			why = "busy";
			continue;
		}
		settle(job);
		adopt(job);
		done = remove ? remove_it(job) : make(job);
		records_unlock(&job->records);
		if (done)
			return;
	}
	priv_log(LOG_NOTICE, "user %u is refused on %s: %s", job->uid, job->request.bridge, why);
	priv_fail(why);
}
