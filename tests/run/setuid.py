# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checks of the set-user-ID programs share: usernic.py and useridmap.py."""
import os
import re
import shutil
import socket
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


def policy_of(program, name):
    """The path of the policy @name, the only one that the program knows."""
    with open(program, "rb") as file:
        return re.search(rb"/[\w./+-]+/" + name.encode(), file.read())[0].decode()


def install_as(path, program, mode, uid):
    shutil.copyfile(program, path)
    os.chown(path, uid, 0)
    os.chmod(path, mode)
    return path


def private_dev(nodes, more=lambda dev: None):
    """A /dev with these nodes and what @more makes; its /dev/log is ours, and returned."""
    new = os.environ["TMP"] + "/dev"
    os.mkdir(new)
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "dev", new)
    for name in nodes:
        if os.path.exists("/dev/" + name):
            os.makedirs(os.path.dirname(f"{new}/{name}"), exist_ok=True)
            write(f"{new}/{name}", "")
            sh("mount", "--bind", "/dev/" + name, f"{new}/{name}")
    more(new)
    sh("mount", "--move", new, "/dev")
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind("/dev/log")
    os.chmod("/dev/log", 0o666)
    log.setblocking(False)
    return log


def lines_of(log):
    """What has come since the last time."""
    lines = []
    try:
        while True:
            lines.append(log.recv(2048).decode())
    except BlockingIOError:
        return lines
