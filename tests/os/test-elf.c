/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/elf.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define ORDER (BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr phdrs[2];
};

static struct program program_with(uint32_t second_type)
{
	struct program program = {
		.header = { .e_phoff = sizeof(Elf64_Ehdr),
		            .e_phnum = 2,
		            .e_phentsize = sizeof(Elf64_Phdr) },
		.phdrs = { { .p_type = PT_LOAD }, { .p_type = second_type } },
	};

	memcpy(program.header.e_ident, ELFMAG, SELFMAG);
	program.header.e_ident[EI_CLASS] = ELFCLASS64;
	program.header.e_ident[EI_DATA] = ORDER;
	return program;
}

static int ask(const void *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("program", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, size), size);
	return elf_is_static(fd);
}

static void test_static_and_not(void **state)
{
	struct program program = program_with(PT_DYNAMIC);

	(void)state;
	assert_int_equal(ask(&program, sizeof(program)), 1); /* as static-pie */
	program = program_with(PT_INTERP);
	assert_int_equal(ask(&program, sizeof(program)), 0);
}

static void test_damaged(void **state)
{
	struct program program = program_with(PT_LOAD);

	(void)state;
	assert_int_equal(ask("", 0), -ENOEXEC);
	assert_int_equal(ask("#!/bin/sh\n", 10), -ENOEXEC);
	assert_int_equal(ask(&program, sizeof(program.header) - 1), -ENOEXEC);
	assert_int_equal(ask(&program, sizeof(program) - sizeof(Elf64_Phdr)), -ENOEXEC);
	program.header.e_phoff = UINT64_MAX - 8;
	assert_int_equal(ask(&program, sizeof(program)), -ENOEXEC);
	program = program_with(PT_LOAD);
	program.header.e_phnum = 0;
	assert_int_equal(ask(&program, sizeof(program)), -ENOEXEC);
	program = program_with(PT_LOAD);
	program.header.e_phentsize = 1;
	assert_int_equal(ask(&program, sizeof(program)), -ENOEXEC);
	program = program_with(PT_LOAD);
	program.header.e_ident[EI_DATA] = ORDER == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
	assert_int_equal(ask(&program, sizeof(program)), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_static_and_not),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
