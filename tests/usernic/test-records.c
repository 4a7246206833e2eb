/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic/usernic.h"

#include "priv/auth.h"
#include "priv/say.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define FIRST "1000 veth br0 veth1000_AAAA 7\n"
#define SECOND "1000 veth none veth1000_BBBB 4294967295\n"
#define BOTH "1 2\n" FIRST SECOND

#define ZEROS "0000000000000000000000000000000000000000"
#define LONG_LINE "1000 veth br0 veth1000_AAAA 7" ZEROS ZEROS "\n"

const char priv_program[] = "test";

static struct records records;
static char text[RECORDS_TEXT_MAX];

static void test_damaged(void **state)
{
	static const char *const cases[] = {
		"",
		"\n",
		"1",
		"1 0",
		"1 1\n",
		"0\n",
		" 1 0\n",
		"2 0\n",
		"1 00\n",
		"1 0 \n",
		FIRST,
		("2 1\n" FIRST),
		("1 0\n" FIRST),
		("1 2\n" FIRST),
		("1 1\n" FIRST SECOND),
		("1 1\n" FIRST "1000"),
		("1 2\n" FIRST FIRST),
		("1 2\n" FIRST "\n" SECOND),
		("1 1\n " FIRST),
		"1 1\n1000 veth br0 veth1000_AAAA 7",
		"1 1\n1000 vlan br0 veth1000_AAAA 7\n",
		"1 1\n1001 veth br0 veth1000_AAAA 7\n",
		"1 1\n1000 veth br0 veth1001_AAAA 7\n",
		"1 1\n1000 veth br0 eth0 7\n",
		"1 1\n1000 veth br/0 veth1000_AAAA 7\n",
		"1 1\n1000 veth  br0 veth1000_AAAA 7\n",
		"1 1\n1000 veth br0 veth1000_AAAA 7 \n",
		"1 1\n1000 veth br0 veth1000_AAAA 7 1\n",
		"1 1\n1000 veth br0 veth1000_AAAA\n",
		"1 1\n01000 veth br0 veth1000_AAAA 7\n",
		"1 1\n+1000 veth br0 veth1000_AAAA 7\n",
		"1 1\n4294968296 veth br0 veth1000_AAAA 7\n",
		"1 1\n1000 veth br0 veth1000_AAAA 4294967303\n",
		"1 1\n1000 veth br0 veth1000_AAAA -7\n",
		"1 1\n1000 veth br0 veth1000_AAAA 7\r\n",
		"1 1\n1000 veth 1234567890123456 veth1000_AAAA 7\n",
		("1 1\n" LONG_LINE),
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
	assert_int_equal(records_parse("1 0\n", &records), 0);
	assert_int_equal(records.n, 0);
	assert_int_equal(records_parse(BOTH, &records), 0);
	assert_int_equal(records.n, 2);
	assert_int_equal(records.list[0].uid, 1000);
	assert_int_equal(records.list[0].ifindex, 7);
	assert_string_equal(records.list[1].bridge, "none");
	assert_string_equal(records.list[1].nic, "veth1000_BBBB");
	assert_true(records.list[1].ifindex == UINT32_MAX);
	assert_int_equal(records_format(&records, text), strlen(BOTH));
	assert_string_equal(text, BOTH);
}

/* The longest there can be: it fits the buffers. */
static void test_full(void **state)
{
	size_t len = (size_t)sprintf(text, "1 %d\n", RECORDS_MAX);

	(void)state;
	for (unsigned int i = 0; i < RECORDS_MAX; i++)
		len += (size_t)sprintf(
			text + len, "4294967294 veth 123456789012345 veth3vvvvvu%04u 4294967295\n",
			i);
	assert_in_range(len, 1, sizeof(text) - 1);
	assert_int_equal(records_parse(text, &records), 0);
	assert_int_equal(records.n, RECORDS_MAX);
	assert_int_equal(records_format(&records, text), len);
	(void)strcpy(text + len, FIRST);
	assert_int_equal(records_parse(text, &records), -1);
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(records_parse(BOTH, &records), 0);
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
