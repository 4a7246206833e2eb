#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tools/check-layers: what it lets pass, and each kind of mistake that it must find.
. "$(dirname "$0")/../run/lib.sh"

tree=$TMP/tree

# Makes a tree that holds FILE with the lines given, beside one valid header in each room.
tree_with()
{
	file=$1
	shift
	rm -rf "$tree"
	for room in base os conf host net mount container api; do
		mkdir -p "$tree/lib/$room"
		: >"$tree/lib/$room/x.h"
	done
	mkdir -p "$tree/runner" "$tree/helpers/init" "$tree/$(dirname "$file")"
	printf '%s\n' "$@" >"$tree/$file"
}

accepts()
{
	tree_with "$@"
	ok "$1 may say $(echo "$*" | cut -d' ' -f2-)" "$top_srcdir/tools/check-layers" "$tree"
}

refuses()
{
	tree_with "$@"
	not_ok "$1 may not say $(echo "$*" | cut -d' ' -f2-)" "$top_srcdir/tools/check-layers" "$tree"
}

accepts lib/os/fd.c '#include "base/x.h"' '#include <stdio.h>'
accepts lib/net/x.c '#include "net/x.h"' '#include "conf/x.h"' '#include "host/x.h"'
accepts lib/net/a.c '#include "net/x.h"' '#include "os/x.h"'
accepts lib/container/run.c '#include "net/x.h"' '#include "mount/x.h"' '#include "api/rlxc.h"'
accepts runner/cmd-a.c '#include <rlxc.h>' '#include "base/x.h"' '#include "cmd.h"'
accepts helpers/init/a.c '#include "base/x.h"'
accepts helpers/usernic/a.c '#include "b.h"' '#include "priv/x.h"' '#include "base/num.h"'
accepts helpers/priv/a.c '#include "priv/x.h"' '#include "base/num.h"'

refuses lib/base/err.c '#include "os/x.h"'
refuses lib/os/fd.c '#include "conf/x.h"'
refuses lib/conf/a.h '#include "host/x.h"'
refuses lib/host/a.c '#include "net/x.h"'
refuses lib/net/a.c '#include "mount/x.h"'
refuses lib/net/a.c '#include "container/x.h"'
refuses lib/mount/a.c '#include "api/rlxc.h"'
refuses lib/container/a.c '#include "api/x.h"'
refuses runner/cmd-a.c '#include "container/x.h"'
refuses runner/cmd-a.c '#include "os/x.h"'
refuses helpers/init/a.c '#include "os/x.h"'
refuses helpers/usernic/a.c '#include "base/x.h"'
refuses helpers/usernic/a.c '#include "os/x.h"'
refuses helpers/priv/a.c '#include "base/x.h"'
refuses helpers/priv/a.c '#include "usernic/x.h"'
refuses lib/base/a.c '#include <rlxc.h>'
refuses lib/attic/a.c '#include "base/x.h"'
refuses lib/net/x.c '#include "base/x.h"' '#include "net/x.h"'
refuses lib/net/x.c '#include <stdio.h>' '#include "net/x.h"'

ok "this tree itself" "$top_srcdir/tools/check-layers" "$top_srcdir"
finish
