# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checks of the set-user-ID programs share: usernic.py and useridmap.py."""
import os
import subprocess

results = {"n": 0, "bad": 0}


# ---- TAP -----------------------------------------------------------------------------------------

def ok(what, condition, *details):
    results["n"] += 1
    print("ok" if condition else "not ok", results["n"], "-", what, flush=True)
    if not condition:
        results["bad"] += 1
        for detail in details:
            print("#", repr(detail)[:2000], flush=True)
        if os.environ.get("STOP_AT_FIRST"):
            finish()
    return condition


def same(what, got, want):
    return ok(what, got == want, got, want)


def finish():
    print(f"1..{results['n']}", flush=True)
    os._exit(1 if results["bad"] else 0)


# ---- the world -----------------------------------------------------------------------------------

def sh(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True).stdout


def write(path, text, mode=0o644, uid=0):
    with open(path, "w", encoding="latin-1") as file:
        file.write(text)
    os.chmod(path, mode)
    os.chown(path, uid, uid)
