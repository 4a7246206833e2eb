/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nic.h"

#include "ovs.h"

#include "priv/auth.h"
#include "priv/say.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#define GRACE_S 30 /* a reservation without a link counts that long */
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

/* Drops records whose link is gone, and completes those whose maker was killed. */
static void settle(struct nic_job *job)
{
	struct records *records = &job->state.records;
	const uint64_t now_s = state_now_ms() / 1000;
	struct link link;

	for (size_t i = records->n; i-- > 0;) {
		struct record *record = &records->list[i];
		const int r = link_get(&job->link, record->ifindex, record->nic, LINK_HERE, &link);

		if (r == 0 && nic_is_recorded(&link, record))
			record->ifindex = link.ifindex;
		else if ((r == 0 || r == -ENODEV) &&
		         (record->ifindex || now_s - record->time_s >= GRACE_S))
			records_remove(records, i);
	}
}

static void append(struct nic_job *job, uint32_t uid, const char *nic, uint32_t ifindex)
{
	struct record *record = &job->state.records.list[job->state.records.n++];

	*record = (struct record){ .uid = uid,
		                   .ifindex = ifindex,
		                   .bridge_ifindex = job->bridge.ifindex,
		                   .time_s = state_now_ms() / 1000 };
	(void)strcpy(record->bridge, job->request.bridge);
	(void)strcpy(record->nic, nic);
}

/* A link with a name of ours on the bridge, but without a record. */
static void adopt_one(void *arg, const struct link *link)
{
	struct nic_job *job = arg;
	struct records *records = &job->state.records;
	uint32_t uid;

	if (name_owner(link->name, &uid) == 0 && nic_is_placed(link, job->bridge.ifindex) &&
	    (job->owner->is_group || AUTH(uid == job->uid)) && records->n < RECORDS_MAX &&
	    !records_find(records, uid, job->request.bridge, link->name))
		append(job, uid, link->name, link->ifindex);
}

/* Is another owner charged for it: one of the caller's groups, or who made it? */
static bool is_charged_elsewhere(const struct nic_job *job, const struct record *record)
{
	const struct grant maker = { .id = record->uid };

	for (size_t i = 0; i < job->policy.n_grants; i++)
		if (&job->policy.grants[i] != job->owner && job->policy.grants[i].is_group &&
		    state_has(job->dir_fd, &job->policy.grants[i], record))
			return true;
	return job->owner->is_group && state_has(job->dir_fd, &maker, record);
}

/* For a group only when its records were lost: names of links say users. */
static void adopt(struct nic_job *job)
{
	struct records *records = &job->state.records;
	const size_t known = records->n;
	int r = -EAGAIN;

	if (job->owner->is_group && !job->state.is_fresh)
		return;
	for (int tries = 0; r == -EAGAIN && tries < 4; tries++)
		r = link_list(&job->link, job->bridge.ifindex, adopt_one, job);
	for (size_t i = records->n; i-- > known;)
		if (is_charged_elsewhere(job, &records->list[i]))
			records_remove(records, i);
}

/* Tries each owner in turn that could be charged, until @act did it. */
static void for_owners(struct nic_job *job, bool (*act)(struct nic_job *job), const char *else_say)
{
	bool busy = false, done = false;

	for (size_t i = 0; i < job->policy.n_grants && !done; i++) {
		job->owner = &job->policy.grants[i];
		if (!state_lock(&job->state, job->dir_fd, job->owner, job->deadline_ms)) {
			busy = true;
			continue;
		}
		settle(job);
		adopt(job);
		done = act(job);
		state_unlock(&job->state);
	}
	if (done)
		return;
	else_say = busy ? "busy" : else_say;
	priv_log(LOG_NOTICE, "user %u is refused on %s: %s", job->uid, job->request.bridge,
	         else_say);
	priv_fail(else_say);
}

/* ---- create ---- */

static void choose_name(struct nic_job *job, struct link_pair *pair)
{
	uint8_t bytes[NAME_RANDOM + sizeof(pair->host_address)];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		priv_fail("cannot create");
	(void)memcpy(pair->host_address, bytes + NAME_RANDOM, sizeof(pair->host_address));
	pair->host_address[0] = 0xfe; /* never the lowest, which the bridge would take over */
	name_host_nic(job->uid, bytes, pair->host);
}

static bool is_free(struct nic_job *job, const char *name)
{
	return link_get(&job->link, 0, name, LINK_HERE, &(struct link){}) == -ENODEV;
}

/* -EEXIST: the name inside is taken. */
static int make_pair(struct nic_job *job, struct link_pair *pair)
{
	int r = -EEXIST;

	for (int i = 0; r == -EEXIST && i < TRIES; i++) {
		choose_name(job, pair);
		if (!is_free(job, pair->host))
			continue;
		append(job, job->uid, pair->host, 0);
		if (state_save(&job->state) < 0)
			priv_fail("cannot record");
		r = link_create_pair(&job->link, pair);
		if (r == 0)
			return 0;
		job->state.records.n--;
		if (is_free(job, pair->host))
			break;
	}
	(void)state_save(&job->state);
	return r;
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
	struct records *records = &job->state.records;
	struct link_pair pair = { .master = job->is_ovs ? 0 : job->bridge.ifindex,
		                  .mtu = job->bridge.ifindex ? job->bridge.mtu : MTU_DEFAULT,
		                  .peer = job->request.nic,
		                  .netns_fd = job->netns_fd };
	int r;

	if (!AUTH(records_count(records, job->request.bridge) < job->owner->count) ||
	    records->n == RECORDS_MAX)
		return false;
	r = make_pair(job, &pair);
	if (r < 0)
		priv_fail(r == -EEXIST ? "name taken" : "cannot create");
	if (!look_at_both(job, &pair) ||
	    (job->is_ovs && !ovs_change(job->request.bridge, pair.host, /* remove= */ false))) {
		/* Nothing of it may stay; its record does until it is certain. */
		if (job->host.ifindex)
			(void)link_delete(&job->link, job->host.ifindex);
		priv_fail("cannot create");
	}
	records->list[records->n - 1].ifindex = job->host.ifindex;
	(void)state_save(&job->state); /* without: the next run completes it by name */
	priv_log(LOG_INFO, "user %u gets %s on %s", job->uid, pair.host, job->request.bridge);
	return true;
}

void nic_create(struct nic_job *job)
{
	for_owners(job, make, "quota reached");
}

/* ---- delete ---- */

static bool remove_it(struct nic_job *job)
{
	const struct request *request = &job->request;
	struct records *records = &job->state.records;
	struct record *record = records_find(records, job->uid, request->bridge, request->nic);
	struct link link;

	if (!record || link_get(&job->link, record->ifindex, record->nic, LINK_HERE, &link) < 0 ||
	    !nic_is_recorded(&link, record) || !nic_is_placed(&link, master_of(job, &link)))
		return false;
	if ((job->is_ovs && !ovs_change(request->bridge, link.name, /* remove= */ true)) ||
	    link_delete(&job->link, link.ifindex) < 0)
		priv_fail("cannot remove");
	records_remove(records, (size_t)(record - records->list));
	(void)state_save(&job->state); /* without: the next run drops it */
	priv_log(LOG_INFO, "user %u removes %s from %s", job->uid, link.name, request->bridge);
	return true;
}

void nic_remove(struct nic_job *job)
{
	for_owners(job, remove_it, "no such nic of yours");
}
