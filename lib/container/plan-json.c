/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan as JSON, for a dry run. */
#include "container/plan.h"

#include "base/text.h"
#include "ns/ns.h"

static void json_list(struct text *text, const char *name, const struct strv *list)
{
	text_addf(text, "  \"%s\": [", name);
	for (size_t i = 0; i < list->n; i++) {
		text_add(text, i ? ", " : "");
		text_add_json(text, list->items[i]);
	}
	text_add(text, "],\n");
}

static void json_string(struct text *text, const char *name, const char *value)
{
	text_addf(text, "  \"%s\": ", name);
	if (value)
		text_add_json(text, value);
	else
		text_add(text, "null");
	text_add(text, ",\n");
}

static void json_ids(struct text *text, const struct start_plan *plan)
{
	static const char *const writers[] = { "direct", "self", "newuidmap" };

	text_add(text, "  \"idmap\": [");
	for (size_t i = 0; i < plan->maps.n; i++) {
		const struct idmap_range *range = &plan->maps.items[i];

		text_addf(text, "%s\"%c %u %u %u\"", i ? ", " : "",
		          range->kind == IDMAP_UID ? 'u' : 'g', range->ns_first, range->host_first,
		          range->count);
	}
	text_addf(text, "],\n  \"idmap_writer\": %s%s%s,\n  \"uid\": %u,\n  \"gid\": %u,\n",
	          plan->maps.n ? "\"" : "", plan->maps.n ? writers[plan->writer] : "null",
	          plan->maps.n ? "\"" : "", plan->uid, plan->gid);
}

static void json_namespaces(struct text *text, const struct start_plan *plan)
{
	const char *sep = "";

	text_add(text, "  \"namespaces\": [");
	for (int kind = 0; kind < NS_MAX; kind++) {
		if (!(plan->ns_new & NS_BIT(kind)))
			continue;
		text_addf(text, "%s\"%s\"", sep, ns_name((enum ns_kind)kind));
		sep = ", ";
	}
	text_add(text, "],\n  \"shared_namespaces\": {");
	sep = "";
	for (int kind = 0; kind < NS_MAX; kind++) {
		if (!plan->ns_share[kind])
			continue;
		text_addf(text, "%s\"%s\": ", sep, ns_name((enum ns_kind)kind));
		text_add_json(text, plan->ns_share[kind]);
		sep = ", ";
	}
	text_add(text, "},\n");
}

int start_plan_json(const struct start_plan *plan, const struct conf *conf,
                    const struct cgroup_host *cgroups, char **ret_json)
{
	struct text text = {};

	text_add(&text, "{\n");
	json_string(&text, "name", plan->name);
	text_addf(&text, "  \"foreground\": %s,\n  \"execute\": %s,\n",
	          plan->foreground ? "true" : "false", plan->execute ? "true" : "false");
	json_string(&text, "rootfs", conf->rootfs_path);
	json_string(&text, "hostname", conf->uts_name);
	json_ids(&text, plan);
	json_namespaces(&text, plan);
	json_string(&text, "cgroup_base", plan->use_cgroup ? cgroups->base : NULL);
	text_addf(&text, "  \"cgroup_v1\": %s,\n", plan->use_v1 ? "true" : "false");
	text_addf(&text, "  \"cgroup_scope\": %s,\n",
	          cgroups->rung == CGROUP_RUNG_SCOPE ? "true" : "false");
	text_add(&text, "  \"cgroup_limits\": ");
	cgroup_limits_json(&plan->limits, &text);
	text_add(&text, ",\n");
	json_list(&text, "cgroup_limits_unheld", &plan->limits.unheld);
	json_string(&text, "cgroup_inner", plan->use_cgroup ? plan->inner_cgroup : NULL);
	text_addf(&text, "  \"cgroup_delegated\": %s,\n", plan->delegate_cgroup ? "true" : "false");
	text_addf(&text, "  \"capability_bounding_set\": \"%016llx\",\n",
	          (unsigned long long)plan->bounding);
	text_addf(&text, "  \"no_new_privs\": %s,\n", conf->no_new_privs ? "true" : "false");
	json_string(&text, "seccomp", plan->seccomp.source);
	json_string(&text, "seccomp_proxy", plan->asks_proxy ? conf->seccomp_notify_proxy : NULL);
	json_string(&text, "security_label", *plan->label.text ? plan->label.text : NULL);
	text_addf(&text, "  \"ttys\": %u,\n  \"console\": %s,\n", plan->mounts.n_ttys,
	          plan->mounts.console ? "true" : "false");
	json_list(&text, "argv", &plan->argv);
	json_list(&text, "environment", &plan->environment);
	json_list(&text, "notes", &plan->notes);
	text_add(&text, "  \"network\": ");
	net_plan_json(&plan->net, &text);
	text_add(&text, ",\n  \"mounts\": ");
	mount_plan_json(&plan->mounts, &text);
	text_add(&text, "\n}\n");
	return text_finish(&text, ret_json);
}
