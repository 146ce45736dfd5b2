"""Starts a program that ends with its parent, and that does not run as root even if root started it.

Run as a script (`python -I -S launcher.py [options] -- program arguments…`), it prepares its process and then
becomes the program, so that the process id stays the same. It needs only the standard library and starts in
milliseconds.

PostgreSQL refuses to run as root. In a user namespace where root's files belong to user 1000, PostgreSQL sees
itself as user 1000, while everyone else still sees root as the owner of its folder. Nothing has to be handed over
with `chown`, and folders below a 0700 parent stay reachable.
"""

import argparse
import contextlib
import ctypes
import os
import sys
from pathlib import Path

NOT_POSSIBLE = 97
"""The exit code if the process cannot run as the requested user here."""

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CLONE_NEWUSER = 0x10000000
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_INSIDE_UID = 1000


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilityData(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    """Switch to the requested user, then become the program."""
    parser = argparse.ArgumentParser(prog="launcher")
    parser.add_argument("--death-signal", type=int, default=0, help="signal to get when the parent dies")
    parser.add_argument("--parent", type=int, default=0, help="process id of the parent")
    parser.add_argument("--user-namespace", action="store_true", help="be user 1000 in a namespace of one's own")
    parser.add_argument("--uid", type=int, default=0, help="become this user for good")
    parser.add_argument("--gid", type=int, default=0, help="and this group")
    parser.add_argument("--must-write", default="", help="fail unless this folder can be written to")
    parser.add_argument("program", nargs="+")
    options = parser.parse_args(arguments)
    try:
        if options.user_namespace:
            _enter_user_namespace()
        if options.uid:
            os.setgroups([])
            os.setgid(options.gid)
            os.setuid(options.uid)
        if options.must_write and not os.access(options.must_write, os.W_OK | os.X_OK, effective_ids=True):
            raise PermissionError(f"{options.must_write}: permission denied")
        if options.death_signal:
            _die_with_parent(options.death_signal, options.parent)
        os.execv(options.program[0], options.program)  # noqa: S606 - becoming that program is the purpose
    except OSError as error:
        print(f"cannot start {options.program[0]}: {error}", file=sys.stderr)  # noqa: T201 - a script reports on stderr
        sys.exit(NOT_POSSIBLE)


def _die_with_parent(signal_number: int, parent: int) -> None:
    """Ask the kernel for a signal when the parent dies. The process must not change its user afterwards."""
    if not sys.platform.startswith("linux"):
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if parent and os.getppid() != parent:
        sys.exit(NOT_POSSIBLE)


def _enter_user_namespace() -> None:
    """Become user 1000 of a new user namespace.

    If this process may, it maps every user and group and keeps the right to enter other users' folders, so that root
    can use a checkout in someone's home directory. Otherwise it maps only its own user.
    """
    uid, gid = os.geteuid(), os.getegid()
    ready_reader, ready_writer = os.pipe()
    mapper = os.fork()
    if mapper == 0:
        os.close(ready_writer)
        os._exit(_map_everybody(os.getppid(), uid) if os.read(ready_reader, 1) else 1)
    os.close(ready_reader)
    if not hasattr(_libc, "unshare"):
        raise OSError("user namespaces are a feature of Linux")
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        error = ctypes.get_errno()
        os.close(ready_writer)
        os.waitpid(mapper, 0)
        raise OSError(error, f"no user namespace: {os.strerror(error)}")
    os.write(ready_writer, b"!")
    os.close(ready_writer)
    _, status = os.waitpid(mapper, 0)
    if status != 0:
        with contextlib.suppress(OSError):  # kernels before 3.19 have no such file and do not need it
            Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{_INSIDE_UID} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{_INSIDE_UID} {gid} 1")
        return
    _keep_file_access()


def _map_everybody(process: int, uid: int) -> int:
    """Map all users into a process's namespace, swapping `uid` and user 1000; return 0 on success."""
    try:
        inside, outside, count = (int(word) for word in Path("/proc/self/uid_map").read_text().split()[:3])
        if uid != 0 or inside != 0 or count <= _INSIDE_UID + 1:
            return 1
        lines = [
            f"0 {_INSIDE_UID} 1",
            f"1 1 {_INSIDE_UID - 1}",
            f"{_INSIDE_UID} 0 1",
            f"{_INSIDE_UID + 1} {_INSIDE_UID + 1} {count - _INSIDE_UID - 1}",
        ]
        groups = int(Path("/proc/self/gid_map").read_text().split()[2])
        Path(f"/proc/{process}/gid_map").write_text(f"0 0 {groups}")
        Path(f"/proc/{process}/uid_map").write_text("\n".join(lines))
    except (OSError, ValueError, IndexError):
        return 1
    return 0 if outside >= 0 else 1


def _keep_file_access() -> None:
    """Keep, across exec as an ordinary user, the right to read and write the files of any mapped user."""
    # PostgreSQL checks its own files with access(2), which otherwise ignores these rights for an ordinary user.
    _libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    wanted = 1 << _CAP_DAC_OVERRIDE | 1 << _CAP_DAC_READ_SEARCH
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    data = (_CapabilityData * 2)(_CapabilityData(wanted, wanted, wanted), _CapabilityData(0, 0, 0))
    if _libc.capset(ctypes.byref(header), data) != 0:
        return
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
