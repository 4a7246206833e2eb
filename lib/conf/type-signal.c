/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#define SIGNAL(name)                                                                               \
	{                                                                                          \
#name, SIG##name                                                                   \
	}

static const struct {
	char name[8];
	int number;
} signals[] = {
	SIGNAL(HUP),    SIGNAL(INT),  SIGNAL(QUIT), SIGNAL(ILL),    SIGNAL(ABRT), SIGNAL(FPE),
	SIGNAL(KILL),   SIGNAL(SEGV), SIGNAL(PIPE), SIGNAL(ALRM),   SIGNAL(TERM), SIGNAL(USR1),
	SIGNAL(USR2),   SIGNAL(CHLD), SIGNAL(CONT), SIGNAL(STOP),   SIGNAL(TSTP), SIGNAL(TTIN),
	SIGNAL(TTOU),   SIGNAL(TRAP), SIGNAL(IOT),  SIGNAL(BUS),
#ifdef SIGSTKFLT
	SIGNAL(STKFLT),
#endif
#ifdef SIGCLD
	SIGNAL(CLD),
#endif
#ifdef SIGEMT
	SIGNAL(EMT),
#endif
	SIGNAL(URG),    SIGNAL(XCPU), SIGNAL(XFSZ), SIGNAL(VTALRM), SIGNAL(PROF), SIGNAL(WINCH),
	SIGNAL(IO),     SIGNAL(POLL), SIGNAL(PWR),  SIGNAL(SYS),
};

static int named_signal(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (strcasecmp(name, signals[i].name) == 0)
			return signals[i].number;
	return -EINVAL;
}

/* "RTMIN+3", "RTMAX-0": the offset is not optional. */
static int realtime_signal(const char *name)
{
	bool from_min = strncasecmp(name, "RTMIN+", 6) == 0;
	uint32_t offset;

	if (!from_min && strncasecmp(name, "RTMAX-", 6) != 0)
		return -EINVAL;
	if (name[6] < '0' || name[6] > '9' || num_parse_c32(name + 6, &offset) < 0 ||
	    offset > (uint32_t)(SIGRTMAX - SIGRTMIN))
		return -EINVAL;
	return from_min ? SIGRTMIN + (int)offset : SIGRTMAX - (int)offset;
}

static int signal_parse(const char *value)
{
	int number;

	if (*value >= '0' && *value <= '9') {
		uint32_t plain;

		return num_parse_c32(value, &plain) < 0 || plain > INT32_MAX ? -EINVAL : (int)plain;
	}
	if (strncasecmp(value, "SIG", 3) != 0)
		return -EINVAL;
	number = realtime_signal(value + 3);
	return number < 0 ? named_signal(value + 3) : number;
}

static void hint_signal(const struct conf_slot *slot, const char *value, struct err *err)
{
	if (strcasecmp(value, "SIGRTMIN") == 0 || strcasecmp(value, "RTMIN") == 0)
		err_hint(err, "write '%s = SIGRTMIN+%d'", slot->name,
		         str_ends_with(slot->key->name, ".halt") ? 3 : 0);
	else if (strcasecmp(value, "SIGRTMAX") == 0 || strcasecmp(value, "RTMAX") == 0)
		err_hint(err, "write '%s = SIGRTMAX-0'", slot->name);
	else if (named_signal(value) >= 0 || realtime_signal(value) >= 0)
		err_hint(err, "write '%s = SIG%s'", slot->name, value);
}

static int signal_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	int number = signal_parse(value);

	if (number < 0) {
		(void)conf_bad_value(slot, value,
		                     "a signal such as SIGTERM, SIGRTMIN+3 or a number", err);
		hint_signal(slot, value, err);
		return -EINVAL;
	}
	*(int32_t *)conf_field(slot) = number;
	return 0;
}

const struct conf_type conf_signal = {
	.set = signal_set,
	.get = conf_int_get,
	.clear = conf_int_clear,
};
