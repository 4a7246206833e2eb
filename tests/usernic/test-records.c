/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic/records.h"

#include "priv/auth.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define FIRST "1 1000 veth br0 veth1000_AAAA 7 3 100\n"
#define SECOND "1 1000 veth none veth1000_BBBB 0 0 18446744073709551615\n"

#define ZEROS "0000000000000000000000000000000000000000"
#define LONG_LINE "1 1000 veth br0 veth1000_AAAA 7 3 " ZEROS ZEROS ZEROS "100\n"

static struct records records;
static char text[RECORDS_TEXT_MAX];

static void test_damaged(void **state)
{
	static const char *const cases[] = {
		"\n",
		"1\n",
		"1 1000 veth br0 veth1000_AAAA 7 3 100",
		(FIRST "1 1000"),
		(FIRST FIRST),
		(FIRST "\n" SECOND),
		(" " FIRST),
		"2 1000 veth br0 veth1000_AAAA 7 3 100\n",
		"1 1000 vlan br0 veth1000_AAAA 7 3 100\n",
		"1 1001 veth br0 veth1000_AAAA 7 3 100\n",
		"1 1000 veth br0 veth1001_AAAA 7 3 100\n",
		"1 1000 veth br0 eth0 7 3 100\n",
		"1 1000 veth br/0 veth1000_AAAA 7 3 100\n",
		"1 1000 veth  br0 veth1000_AAAA 7 3 100\n",
		"1 1000 veth br0 veth1000_AAAA 7 3 100 \n",
		"1 1000 veth br0 veth1000_AAAA 7 3 100 1\n",
		"1 1000 veth br0 veth1000_AAAA 7 3\n",
		"1 01000 veth br0 veth1000_AAAA 7 3 100\n",
		"1 +1000 veth br0 veth1000_AAAA 7 3 100\n",
		"1 4294968296 veth br0 veth1000_AAAA 7 3 100\n",
		"1 1000 veth br0 veth1000_AAAA 4294967303 3 100\n",
		"1 1000 veth br0 veth1000_AAAA -7 3 100\n",
		"1 1000 veth br0 veth1000_AAAA 7 3 18446744073709551616\n",
		"1 1000 veth br0 veth1000_AAAA 7 3 100\r\n",
		"1 1000 veth 1234567890123456 veth1000_AAAA 7 3 100\n",
		(LONG_LINE),
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		records.n = 9;
		assert_int_equal(records_parse(cases[i], &records), -1);
		assert_int_equal(records.n, 0);
	}
}

static void test_read_and_written(void **state)
{
	(void)state;
	assert_int_equal(records_parse("", &records), 0);
	assert_int_equal(records.n, 0);
	assert_int_equal(records_parse(FIRST SECOND, &records), 0);
	assert_int_equal(records.n, 2);
	assert_int_equal(records.list[0].uid, 1000);
	assert_int_equal(records.list[0].ifindex, 7);
	assert_int_equal(records.list[0].bridge_ifindex, 3);
	assert_int_equal(records.list[0].time_s, 100);
	assert_string_equal(records.list[1].bridge, "none");
	assert_string_equal(records.list[1].nic, "veth1000_BBBB");
	assert_true(records.list[1].time_s == UINT64_MAX);
	assert_int_equal(records_format(&records, text), strlen(FIRST SECOND));
	assert_string_equal(text, FIRST SECOND);
}

/* The longest there can be: it fits the buffers. */
static void test_full(void **state)
{
	size_t len = 0;

	(void)state;
	for (unsigned int i = 0; i < RECORDS_MAX; i++)
		len += (size_t)sprintf(
			text + len,
			"1 4294967294 veth 123456789012345 veth3vvvvvu%04u 4294967295 "
			"4294967295 18446744073709551615\n",
			i);
	assert_in_range(len, 1, sizeof(text) - 1);
	assert_int_equal(records_parse(text, &records), 0);
	assert_int_equal(records.n, RECORDS_MAX);
	assert_int_equal(records_format(&records, text), len);
	(void)strcpy(text + len - 1, "\n" FIRST);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(records_parse(text, &records), -1);
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(records_parse(FIRST SECOND, &records), 0);
	assert_ptr_equal(records_find(&records, 1000, "br0", "veth1000_AAAA"), &records.list[0]);
	assert_ptr_equal(records_find(&records, 1000, "none", "veth1000_BBBB"), &records.list[1]);
	assert_null(records_find(&records, 1001, "br0", "veth1000_AAAA"));
	assert_null(records_find(&records, 1000, "br01", "veth1000_AAAA"));
	assert_null(records_find(&records, 1000, "br", "veth1000_AAAA"));
	assert_null(records_find(&records, 1000, "none", "veth1000_AAAA"));
	assert_null(records_find(&records, 1000, "br0", "veth1000_AAA"));
	assert_null(records_find(&records, 1000, "br0", "veth1000_BBBB"));
	assert_int_equal(records_count(&records, "br0"), 1);
	assert_int_equal(records_count(&records, "br"), 0);
	records_remove(&records, 0);
	assert_int_equal(records.n, 1);
	assert_string_equal(records.list[0].nic, "veth1000_BBBB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_read_and_written),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
