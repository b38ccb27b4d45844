#!/usr/bin/env python3
"""The recipes under ports/ are of this version, their lists of files are what is installed, and what of them can be
read here can be.

usage: recipes_test.py SOURCE VERSION PREFIX [--renew]      PREFIX holds an installation; --renew writes the lists
"""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Where a recipe says of which version it is.
VERSIONS = {
    "conan/conanfile.py": r'^    version = "(.*)"$',
    "debian/changelog": r"^polymux \((.*)\) ",
    "freebsd/port/Makefile": r"^DISTVERSION=\s*(.*)$",
    "homebrew/polymux.rb": r'^  url ".*/polymux-(.*)\.tar\.gz"$',
    "openbsd/port/Makefile": r"^V =\s*(.*)$",
    "pkgsrc/Makefile": r"^DISTNAME=\s*polymux-(.*)$",
    "vcpkg/vcpkg.json": r'"version-semver": "(.*)"',
}


def installed_files(prefix):
    """What a package of a BSD has: without the suite, which these leave out, and with names of a release."""
    for path in sorted(prefix.rglob("*")):
        name = path.relative_to(prefix).as_posix()
        if path.is_dir() or "conformance" in name or name.startswith("share/doc/"):
            continue
        yield re.sub(r"-targets-\w+\.cmake$", "-targets-%%BUILD%%.cmake", name)


def freebsd_list(files, _):
    for name in files:
        name = name.replace("-%%BUILD%%.cmake", "-%%CMAKE_BUILD_TYPE%%.cmake")
        name = name.replace("lib/pkgconfig/", "libdata/pkgconfig/")
        yield f"{name}.gz" if "/man/" in name else name


def openbsd_list(files, _):
    """Shared libraries have a version of the system's, and no links."""
    for name in files:
        if re.search(r"\.so\.\d+\.\d+$", name) or ".so." not in name and name.endswith(".so"):
            continue
        if ".so." in name:
            yield "@lib lib/libpolymux.so.${LIBpolymux_VERSION}"
        elif name.endswith(".a"):
            yield f"@static-lib {name}"
        elif name.startswith("bin/"):
            yield f"@bin {name}"
        elif "/man/" in name:
            yield f"@man {name.replace('share/man/', 'man/')}"
        else:
            yield name.replace("-%%BUILD%%.cmake", "${MODCMAKE_BUILD_SUFFIX}")


def pkgsrc_list(files, version):
    yield "@comment $NetBSD$"
    for name in files:
        name = name.replace("-%%BUILD%%.cmake", "-${CMAKE_BUILD_TYPE:tl}.cmake")
        yield name.replace(f".so.{version}", ".so.${PKGVERSION}").replace("share/man/", "man/")


LISTS = {
    "freebsd/port/pkg-plist": freebsd_list,
    "openbsd/port/pkg/PLIST": openbsd_list,
    "pkgsrc/PLIST": pkgsrc_list,
}


def wrong_versions(ports, version):
    for name, pattern in VERSIONS.items():
        found = re.search(pattern, (ports / name).read_text(encoding="utf-8"), re.M)
        if not found or found.group(1) != version:
            yield f"ports/{name} is of version {found and found.group(1)}, and polymux {version}"


def wrong_lists(ports, version, prefix, renew):
    files = list(installed_files(prefix))
    for name, write in LISTS.items():
        text = "".join(f"{line}\n" for line in write(files, version))
        if renew:
            (ports / name).write_text(text, encoding="utf-8")
        listed = (ports / name).read_text(encoding="utf-8") if (ports / name).exists() else ""
        for line in sorted(set(text.split("\n")) ^ set(listed.split("\n"))):
            yield f"ports/{name}: {'not listed' if line in text else 'not installed'}: {line} (--renew)"


def unreadable(ports):
    for path in sorted(ports.rglob("*.py")):
        ast.parse(path.read_text(encoding="utf-8"), str(path))
    json.loads((ports / "vcpkg" / "vcpkg.json").read_text(encoding="utf-8"))
    if shutil.which("ruby"):
        done = subprocess.run(["ruby", "-c", str(ports / "homebrew" / "polymux.rb")], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
        if done.returncode:
            yield done.stdout
    for path in [*ports.glob("*/port/Makefile"), *ports.glob("pkgsrc/*"), *ports.glob("*/port/pkg*/DESCR")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if line != line.rstrip() or len(line.expandtabs(8)) > 80 and "PLIST" not in path.name:
                yield f"{path}:{number}: ends in space, or is longer than 80 columns"


def main(arguments):
    renew = "--renew" in arguments
    source, version, prefix = [word for word in arguments if word != "--renew"]
    ports = Path(source) / "ports"
    wrong = [*wrong_versions(ports, version), *wrong_lists(ports, version, Path(prefix), renew), *unreadable(ports)]
    print("\n".join(wrong) or f"{len(VERSIONS)} recipes, {len(LISTS)} lists of files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
