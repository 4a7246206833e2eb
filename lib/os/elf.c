/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/elf.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define PHDRS_MAX 128

static bool read_at(int fd, uint64_t offset, void *data, size_t size)
{
	return offset <= INT64_MAX && pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

/* The type of each program header, which is the first word in both classes. */
static int look_for_interp(int fd, uint64_t offset, unsigned int n, unsigned int entry_size)
{
	if (n == 0 || n > PHDRS_MAX || entry_size < sizeof(uint32_t))
		return -ENOEXEC;
	for (unsigned int i = 0; i < n; i++) {
		uint32_t type;

		if (!read_at(fd, offset + (uint64_t)i * entry_size, &type, sizeof(type)))
			return -ENOEXEC;
		if (type == PT_INTERP)
			return 0;
	}
	return 1;
}

int elf_is_static(int fd)
{
	const unsigned char order = BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
	unsigned char ident[EI_NIDENT];
	Elf32_Ehdr small;
	Elf64_Ehdr big;

	if (!read_at(fd, 0, ident, sizeof(ident)) || memcmp(ident, ELFMAG, SELFMAG) != 0 ||
	    ident[EI_DATA] != order)
		return -ENOEXEC;
	if (ident[EI_CLASS] == ELFCLASS64 && read_at(fd, 0, &big, sizeof(big)))
		return look_for_interp(fd, big.e_phoff, big.e_phnum, big.e_phentsize);
	if (ident[EI_CLASS] == ELFCLASS32 && read_at(fd, 0, &small, sizeof(small)))
		return look_for_interp(fd, small.e_phoff, small.e_phnum, small.e_phentsize);
	return -ENOEXEC;
}
