/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/mounts.h"

#include "priv/auth.h"

#include <linux/mount.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char host[] =
	"1 1 0:2 / / rw - rootfs none rw\n"
	"20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro\n"
	"21 20 0:20 / /proc rw,nosuid,nodev,noexec shared:2 master:1 - proc proc rw\n"
	"22 20 0:21 / /a\\040b ro,nosuid,noatime,idmapped - tmpfs x - y rw\n"
	"23 22 0:22 / /c rw,nosymfollow unbindable - fuse.a-longer-name-than-any-other-one x rw\n"
	"24 20 8:1 /d /d rw,nodev,nodiratime - btrfs unbindable rw\n"
	"25 24 8:1 /d /d/e rw unbindable - ext4 x rw\n"
	"26 24 8:1 /d /d/f rw shared:3 - ext4 - unbindable - rw\n"
	"27 2 rw\n"
	"28 20 8:1 / /g rw\n"
	"29 20 8:1 / /g rw -\n"
	"30 20 8:1 / /h rw,ro2,xnosuid - xfs x rw";

static struct mounts_facts find(uint64_t id)
{
	char text[sizeof(host)];
	struct mounts_facts facts = { .n_below = 99 };

	(void)memcpy(text, host, sizeof(host));
	mounts_find(text, id, &facts);
	return facts;
}

static void test_find(void **state)
{
	static const struct {
		uint64_t id;
		struct mounts_facts want;
	} cases[] = {
		{ 2, { .n_below = 0 } },
		{ 27, {} },
		{ 28, {} },
		{ 29, {} },
		{ 200, {} },
		{ 1, { .found = true, .type = "rootfs", .n_below = 1 } },
		{ 20, { .found = true, .type = "ext4", .n_below = 6 } },
		{ 21,
		  { .found = true,
		    .type = "proc",
		    .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC } },
		{ 22,
		  { .found = true,
		    .idmapped = true,
		    .type = "tmpfs",
		    .n_below = 1,
		    .n_unbindable = 1,
		    .attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME } },
		{ 23, { .found = true, .attr = MOUNT_ATTR_NOSYMFOLLOW } },
		{ 24,
		  { .found = true,
		    .type = "btrfs",
		    .n_below = 2,
		    .n_unbindable = 1,
		    .attr = MOUNT_ATTR_NODEV | MOUNT_ATTR_NODIRATIME } },
		{ 30, { .found = true, .type = "xfs" } },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		const struct mounts_facts got = find(cases[i].id), *want = &cases[i].want;

		if (got.found != want->found || got.idmapped != want->idmapped ||
		    got.attr != want->attr || strcmp(got.type, want->type) != 0 ||
		    (cases[i].id != 20 && got.n_below != want->n_below) ||
		    got.n_unbindable != want->n_unbindable)
			fail_msg("%u: %d %d %#x '%s' %u %u", (unsigned int)cases[i].id, got.found,
			         got.idmapped, (unsigned int)got.attr, got.type, got.n_below,
			         got.n_unbindable);
	}
}

/* Each condition of the two decisions, alone. */
static void test_allowed(void **state)
{
	static const char *const types[] = { "ext4", "xfs", "btrfs", "f2fs", "tmpfs", "zfs" };
	static const char *const others[] = { "",     "ext", "ext3", "ext44", "fuse",   "fuse.ext4",
		                              "nfs4", "9p",  "vfat", "proc",  "overlay" };
	const struct mounts_facts good = { .found = true,
		                           .type = "ext4",
		                           .n_below = 9,
		                           .attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
		                                   MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	struct mounts_facts facts = good;

	(void)state;
	assert_true(mounts_allowed(&facts));
	facts.found = false;
	assert_false(mounts_allowed(&facts));
	facts = good;
	facts.idmapped = true;
	assert_false(mounts_allowed(&facts));
	facts = good;
	facts.n_unbindable = 1;
	assert_false(mounts_allowed(&facts));
	facts = good;
	facts.attr |= MOUNT_ATTR_NOSYMFOLLOW;
	assert_false(mounts_allowed(&facts));
	facts = good;
	for (size_t i = 0; i < PRIV_COUNT(types); i++) {
		(void)strcpy(facts.type, types[i]);
		assert_true(mounts_allowed(&facts));
	}
	for (size_t i = 0; i < PRIV_COUNT(others); i++) {
		(void)strcpy(facts.type, others[i]);
		assert_false(mounts_allowed(&facts));
	}
}

static void test_copy(void **state)
{
	const struct mounts_facts source = { .found = true, .type = "xfs", .n_below = 9 };
	const struct mounts_facts good = {
		.found = true, .idmapped = true, .type = "xfs", .attr = 6
	};
	struct mounts_facts copy = good;

	(void)state;
	assert_true(mounts_is_copy(&copy, &source, 6));
	assert_false(mounts_is_copy(&copy, &source, 4));
	assert_false(mounts_is_copy(&copy, &source, 14));
	copy.found = false;
	assert_false(mounts_is_copy(&copy, &source, 6));
	copy = good;
	copy.idmapped = false;
	assert_false(mounts_is_copy(&copy, &source, 6));
	copy = good;
	(void)strcpy(copy.type, "ext4");
	assert_false(mounts_is_copy(&copy, &source, 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
