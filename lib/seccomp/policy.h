/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_SECCOMP_POLICY_H
#define RLXC_SECCOMP_POLICY_H

#include "base/err.h"

#include <stdbool.h>

/* Policy files of lxc.seccomp.profile, versions 1 and 2: see SYSTEM CALL FILTER in
 * lxc.container.conf(5). Pure: text in, text out. Which number a call has on which architecture is
 * known to libseccomp, and that to helpers/seccomp alone. */

struct seccomp_target {
	const char *host; /* a machine as policy files name it, such as "x86_64" */
	bool userns;      /* the container has id maps: rules below [userns] count */
	bool may_notify;  /* somebody answers for rules with the action notify */
};

/* The host that we were built for. */
const char *seccomp_host(void);

/* Translates a policy into the form that rlxc-seccomp reads, which has the same text for policies
 * that say the same (but for the order of their rules). One word of it after the other, each line
 * one of
 *
 *	default ACTION           calls without a rule; always the first line
 *	native                   other architectures than the host's are not served (version 1)
 *	newest NUMBER            calls with a higher number: ENOSYS
 *	rule CALL ACTION [INDEX OP VALUE MASK]...
 *
 * with an ACTION as the kernel's filters return it, an OP as libseccomp numbers it, and for CALL a
 * name or, with native, a number. @name: of the file, for messages. Owned.
 * -EINVAL with "NAME:LINE: ..." in the message. */
int seccomp_policy_parse(const char *text, const char *name, const struct seccomp_target *target,
                         char **ret_policy, struct err *err);

/* Has such a translation a rule with the action notify? */
bool seccomp_policy_notifies(const char *policy);

#endif
