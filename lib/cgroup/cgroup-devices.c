/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device rules and the program made of them. See lxc.container.conf(5) for the rules, and
 * struct bpf_cgroup_dev_ctx in linux/bpf.h for what the kernel asks: type and access of the wish in
 * one number, then major and minor.
 *
 * A wish may be for reading and writing at once. An allow rule covers it only with all it asks for;
 * a deny rule refuses it already when it touches one part. */
#include "cgroup/devices.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define ACCESS_ALL (CGROUP_DEV_MKNOD | CGROUP_DEV_READ | CGROUP_DEV_WRITE)
/* MINORBITS of the kernel is 20; a number past that is none of a device. */
#define MAJOR_MAX ((1U << 12) - 1)
#define MINOR_MAX ((1U << 20) - 1)
#define INSNS_PER_RULE 8
#define INSNS_AROUND 8
#define INSNS_MAX 4096 /* BPF_MAXINSNS */

static const char access_letters[] = "mrw"; /* bit 0, 1, 2 */

/* ---- text ---- */

static int parse_access(const char *text, uint32_t *ret_access)
{
	uint32_t access = 0;
	size_t len = strcspn(text, " ");

	if (!len || len > strlen(access_letters))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		const char *letter = strchr(access_letters, text[i]);

		if (!letter)
			return -EINVAL;
		access |= 1U << (letter - access_letters);
	}
	*ret_access = access;
	return 0;
}

/* A number or '*', up to @end. */
static int parse_device_number(const char *text, const char *end, uint32_t max,
                               uint32_t *ret_number)
{
	char copy[NUM_TEXT_MAX];
	size_t len = (size_t)(end - text);
	uint32_t number;

	if (len == 1 && *text == '*') {
		*ret_number = CGROUP_DEV_ANY;
		return 0;
	}
	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (num_parse_u32(copy, &number) < 0 || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

/* "TYPE MAJOR:MINOR ACCESS" */
static int parse_numbers(const char *value, struct cgroup_device *device)
{
	const char *numbers = value + 2, *colon = strchr(value, ':'), *blank;

	if (!value[0] || !strchr("abc", value[0]) || value[1] != ' ' || !colon)
		return -EINVAL;
	blank = strchr(numbers, ' ');
	if (!blank || blank < colon || strchr(blank + 1, ' '))
		return -EINVAL;
	device->type = value[0];
	if (parse_device_number(numbers, colon, MAJOR_MAX, &device->major) < 0 ||
	    parse_device_number(colon + 1, blank, MINOR_MAX, &device->minor) < 0)
		return -EINVAL;
	return parse_access(blank + 1, &device->access);
}

/* "/dev/PATH ACCESS", whose type and numbers are the host's. */
static int parse_path(const char *value, struct cgroup_device *device, struct err *err)
{
	const char *blank = strchr(value, ' ');
	_cleanup_free_ char *path = NULL;
	struct stat st;
	int r = 0;

	if (!blank || parse_access(blank + 1, &device->access) < 0)
		return -EINVAL;
	path = strndup(value, (size_t)(blank - value));
	if (!path)
		return err_oom(err);
	if (stat(path, &st) < 0)
		r = err_set(err, -errno, "cannot find the device '%s' on the host", path);
	else if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		r = err_say(err, -ENODEV, "'%s' is no device", path);
	if (r < 0) {
		err_hint(err, "write its numbers, as in 'c 10:200 rw', or take the line out");
		return r;
	}
	device->type = S_ISCHR(st.st_mode) ? 'c' : 'b';
	device->major = major(st.st_rdev);
	device->minor = minor(st.st_rdev);
	return 0;
}

/* The files of v1 took what stands behind a complete rule for nothing, so there are comments. */
static int take_rule(const char *value, char *rule, size_t size)
{
	const char *comment = strstr(value, " #");
	size_t len = comment ? (size_t)(comment - value) : strlen(value);

	while (len && value[len - 1] == ' ')
		len--;
	if (len >= size)
		return -EINVAL;
	memcpy(rule, value, len);
	rule[len] = '\0';
	return 0;
}

int cgroup_device_parse(bool allow, const char *value, struct cgroup_device *ret_device,
                        bool *ret_is_all, struct err *err)
{
	struct cgroup_device device = { allow, 'a', CGROUP_DEV_ANY, CGROUP_DEV_ANY, ACCESS_ALL };
	char rule[PATH_MAX];
	struct err inner = {};
	int r = take_rule(value, rule, sizeof(rule));
	bool is_all = r == 0 && strcmp(rule, "a") == 0;

	if (r == 0 && !is_all && allow && rule[0] == '/')
		r = parse_path(rule, &device, &inner);
	else if (r == 0 && !is_all)
		r = parse_numbers(rule, &device);
	if (r < 0 && inner.code) {
		if (err)
			*err = inner;
		return r;
	}
	if (r < 0) {
		err_say(err, r, "'%s' is no device rule", value);
		err_hint(err,
		         "write 'a', 'TYPE MAJOR:MINOR ACCESS' as in 'c 1:3 rwm' with * for any "
		         "number%s",
		         allow ? ", or '/dev/PATH ACCESS'" : "");
		return r;
	}
	*ret_device = device;
	*ret_is_all = is_all;
	return 0;
}

static void format_number(char *text, size_t size, uint32_t number)
{
	if (number == CGROUP_DEV_ANY)
		(void)snprintf(text, size, "*");
	else
		(void)snprintf(text, size, "%u", number);
}

char *cgroup_device_format(const struct cgroup_device *device, char *text, size_t size)
{
	char major[NUM_TEXT_MAX], minor[NUM_TEXT_MAX], access[4] = "";
	size_t n = 0;

	format_number(major, sizeof(major), device->major);
	format_number(minor, sizeof(minor), device->minor);
	for (size_t i = 0; i < strlen(access_letters); i++)
		if (device->access & (1U << i))
			access[n++] = access_letters[i];
	(void)snprintf(text, size, "%c %s:%s %s", device->type, major, minor, access);
	return text;
}

/* ---- rules ---- */

static void forget_all(struct cgroup_devices *devices, bool allow)
{
	cgroup_devices_done(devices);
	devices->deny_list = allow;
	devices->has_rules = true;
}

static struct cgroup_device *find_same(const struct cgroup_devices *devices,
                                       const struct cgroup_device *device)
{
	for (size_t i = 0; i < devices->n; i++) {
		struct cgroup_device *other = &devices->items[i];

		if (other->type == device->type && other->major == device->major &&
		    other->minor == device->minor && other->access == device->access)
			return other;
	}
	return NULL;
}

int cgroup_devices_add(struct cgroup_devices *devices, bool allow, const char *value,
                       struct err *err)
{
	struct cgroup_device device, *same, *items;
	bool is_all;
	int r;

	r = cgroup_device_parse(allow, value, &device, &is_all, err);
	if (r < 0)
		return r;
	if (is_all) {
		forget_all(devices, allow);
		return 0;
	}
	devices->has_rules = true;
	same = find_same(devices, &device);
	if (same) {
		same->allow = allow;
		return 0;
	}
	items = reallocarray(devices->items, devices->n + 1, sizeof(*items));
	if (!items)
		return err_oom(err);
	devices->items = items;
	items[devices->n++] = device;
	return 0;
}

void cgroup_devices_done(struct cgroup_devices *devices)
{
	free(devices->items);
	*devices = (struct cgroup_devices){};
}

/* Rules of the other mode do nothing. */
static bool counts(const struct cgroup_devices *devices, const struct cgroup_device *device)
{
	return device->allow != devices->deny_list;
}

/* Covers every wish. */
static bool is_total(const struct cgroup_device *device)
{
	return device->type == 'a' && device->major == CGROUP_DEV_ANY &&
	       device->minor == CGROUP_DEV_ANY && device->access == ACCESS_ALL;
}

bool cgroup_devices_restrict(const struct cgroup_devices *devices)
{
	if (!devices->has_rules)
		return false;
	for (size_t i = 0; i < devices->n; i++) {
		if (!counts(devices, &devices->items[i]))
			continue;
		if (devices->deny_list || is_total(&devices->items[i]))
			return devices->deny_list;
	}
	return !devices->deny_list;
}

static bool covers(const struct cgroup_device *device, char type, uint32_t major, uint32_t minor,
                   uint32_t access)
{
	if (device->type != 'a' && device->type != type)
		return false;
	if (device->major != CGROUP_DEV_ANY && device->major != major)
		return false;
	if (device->minor != CGROUP_DEV_ANY && device->minor != minor)
		return false;
	if (device->access == ACCESS_ALL)
		return true;
	return device->allow ? !(access & ~device->access) : (access & device->access) != 0;
}

bool cgroup_devices_check(const struct cgroup_devices *devices, char type, uint32_t major,
                          uint32_t minor, uint32_t access)
{
	if (!devices->has_rules)
		return true;
	for (size_t i = 0; i < devices->n; i++)
		if (counts(devices, &devices->items[i]) &&
		    covers(&devices->items[i], type, major, minor, access))
			return devices->items[i].allow;
	return devices->deny_list;
}

/* ---- the program ---- */

enum { R_RESULT = BPF_REG_0, R_CONTEXT, R_TYPE, R_ACCESS, R_MAJOR, R_MINOR, R_WORK };

struct program {
	struct bpf_insn *insns;
	size_t n;
};

static void emit(struct program *program, uint8_t code, int dst, int src, int16_t off, int32_t imm)
{
	program->insns[program->n++] = (struct bpf_insn){
		.code = code,
		.dst_reg = (uint8_t)(dst & 0xf),
		.src_reg = (uint8_t)(src & 0xf),
		.off = off,
		.imm = imm,
	};
}

static void emit_load(struct program *program, int reg, size_t offset)
{
	emit(program, BPF_LDX | BPF_MEM | BPF_W, reg, R_CONTEXT, (int16_t)offset, 0);
}

/* The offset is filled in when the end of the rule is known. */
static void emit_skip(struct program *program, uint8_t condition, int reg, uint32_t value)
{
	emit(program, BPF_JMP | BPF_K | condition, reg, 0, 0, (int32_t)value);
}

static void emit_return(struct program *program, bool allow)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, R_RESULT, 0, 0, allow);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_begin(struct program *program)
{
	emit_load(program, R_ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(program, BPF_ALU64 | BPF_MOV | BPF_X, R_TYPE, R_ACCESS, 0, 0);
	emit(program, BPF_ALU64 | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff);
	emit(program, BPF_ALU64 | BPF_RSH | BPF_K, R_ACCESS, 0, 0, 16);
	emit_load(program, R_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(program, R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

static void emit_rule(struct program *program, const struct cgroup_device *device)
{
	size_t first = program->n;

	if (device->type != 'a')
		emit_skip(program, BPF_JNE, R_TYPE,
		          device->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (device->major != CGROUP_DEV_ANY)
		emit_skip(program, BPF_JNE, R_MAJOR, device->major);
	if (device->minor != CGROUP_DEV_ANY)
		emit_skip(program, BPF_JNE, R_MINOR, device->minor);
	if (device->access != ACCESS_ALL) {
		uint32_t mask = device->allow ? ACCESS_ALL & ~device->access : device->access;

		emit(program, BPF_ALU64 | BPF_MOV | BPF_X, R_WORK, R_ACCESS, 0, 0);
		emit(program, BPF_ALU64 | BPF_AND | BPF_K, R_WORK, 0, 0, (int32_t)mask);
		emit_skip(program, device->allow ? BPF_JNE : BPF_JEQ, R_WORK, 0);
	}
	emit_return(program, device->allow);
	for (size_t i = first; i < program->n; i++)
		if (BPF_CLASS(program->insns[i].code) == BPF_JMP &&
		    BPF_OP(program->insns[i].code) != BPF_EXIT)
			program->insns[i].off = (int16_t)(program->n - i - 1);
}

/* The verifier refuses what nothing leads to: after a rule that covers all there is nothing more.
 */
static void emit_rules(struct program *program, const struct cgroup_devices *devices)
{
	for (size_t i = 0; i < devices->n; i++) {
		const struct cgroup_device *device = &devices->items[i];

		if (!counts(devices, device))
			continue;
		if (is_total(device)) {
			emit_return(program, device->allow);
			return;
		}
		emit_rule(program, device);
	}
	emit_return(program, devices->deny_list || !devices->has_rules);
}

int cgroup_devices_compile(const struct cgroup_devices *devices, struct bpf_insn **ret_insns,
                           size_t *ret_n)
{
	struct program program = {};

	if (devices->n > (INSNS_MAX - INSNS_AROUND) / INSNS_PER_RULE)
		return -E2BIG;
	program.insns = calloc(INSNS_AROUND + devices->n * INSNS_PER_RULE, sizeof(*program.insns));
	if (!program.insns)
		return -ENOMEM;
	emit_begin(&program);
	emit_rules(&program, devices);
	*ret_insns = program.insns;
	*ret_n = program.n;
	return 0;
}
