#!/usr/bin/env bash
# Set up everything `make demo` (and with --tests: `make test`) needs: system libraries, the private environment .venv, the program in it.
# May be run again at any time; when all is there it only looks. In CI (CI=true) a library that cannot be had is a failure.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD
venv=$top/.venv
tests=no
for argument in "$@"; do
    case $argument in
        --tests) tests=yes ;;
        *) echo "usage: tools/setup.sh [--tests]" >&2; exit 2 ;;
    esac
done

# An empty HOME makes Python and pip take the root folder for it; without HOME they ask the system.
[ -n "${HOME:-}" ] || unset HOME
export PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_WARN_SCRIPT_LOCATION=1
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV

say() { echo "setup: $*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
ci() { [ "${CI:-}" = true ] || [ "${CI:-}" = 1 ]; }

# --- Debian packages ---------------------------------------------------------------------------------------------------------------

permitted=unknown
as_root=()
may_install() {
    if [ $permitted = unknown ]; then
        permitted=no
        if has apt-get; then
            if [ "$(id -u)" = 0 ]; then
                permitted=yes
            elif has sudo && sudo -n true 2>/dev/null; then
                permitted=yes
                as_root=(sudo -n)
            fi
        fi
    fi
    [ $permitted = yes ]
}

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1 9>&-
}

# install PACKAGE…: all together, once more after a failure, then one by one so that a single unknown name stops nothing else.
install() {
    has apt-get || return 1
    may_install || return 1
    log=$(mktemp)
    say "installing $*"
    apt update || { sleep 3; apt update || true; }
    if ! apt install -y --no-install-recommends "$@"; then
        sleep 3
        apt update || true
        if ! apt install -y --no-install-recommends "$@"; then
            tail -n 5 "$log" >&2
            for package in "$@"; do
                apt install -y --no-install-recommends "$package" || say "$package could not be installed"
            done
        fi
    fi
    rm -f "$log"
}

typed_command() {
    if has apt-get; then
        echo "    sudo apt-get update && sudo apt-get install --no-install-recommends $*" >&2
    else
        echo "    (install with this system's package manager what Debian calls: $*)" >&2
    fi
}

# --- a Python of at least 3.11 that can make environments ----------------------------------------------------------------------------

python=
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if has "$name" && "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            python=$(command -v "$name")
            return 0
        fi
    done
    return 1
}

need_python() {
    find_python && return
    install python3 python3-venv || true
    find_python && return
    if may_install; then # an older system may carry a newer Python beside its own
        local minor
        for minor in 13 12 11; do
            if apt-cache show "python3.$minor-venv" >/dev/null 2>&1; then
                install "python3.$minor" "python3.$minor-venv" || true
                find_python && return
            fi
        done
    fi
    say "Python 3.11 or newer with its venv module is missing. Type this, then try again:"
    typed_command python3 python3-venv
    exit 2
}

# --- what is missing ------------------------------------------------------------------------------------------------------------------

loads() { "$python" -c 'import ctypes, sys; [ctypes.CDLL(name) for name in sys.argv[1:]]' "$@" >/dev/null 2>&1; }

has_office() { # both parts: the command alone may belong to a LibreOffice without Writer or Calc
    local soffice folder
    soffice=$(command -v soffice || command -v libreoffice) || return 1
    folder=$(dirname "$(readlink -f "$soffice")")
    [ -e "$folder/libswlo.so" ] && [ -e "$folder/libsclo.so" ]
}

# Fills `missing` with package names; $1 says for what.
missing=()
look() {
    missing=()
    case $1 in
        base)
            has git || missing+=(git) ;;
        pdf)
            [ "$(uname -s)" = Linux ] || return 0
            loads libpango-1.0.so.0 || missing+=(libpango-1.0-0)
            loads libpangoft2-1.0.so.0 || missing+=(libpangoft2-1.0-0)
            loads libharfbuzz-subset.so.0 || missing+=(libharfbuzz-subset0) ;;
        tests)
            has_office || missing+=(libreoffice-writer libreoffice-calc)
            { has pdftotext && has pdftoppm && has pdfdetach; } || missing+=(poppler-utils)
            has qpdf || missing+=(qpdf)
            { has chromium || has chromium-browser || has google-chrome; } || missing+=(chromium)
            has ssh-keygen || missing+=(openssh-client) ;;
    esac
}

# provide WHAT "consequence": install what is missing; say what that means when it cannot be had. Fails when it is still missing.
provide() {
    look "$1"
    [ ${#missing[@]} -gt 0 ] || return 0
    install "${missing[@]}" || true
    look "$1"
    [ ${#missing[@]} -gt 0 ] || return 0
    say "$2 To change that, type:"
    typed_command "${missing[@]}"
    return 1
}

# --- the environment ------------------------------------------------------------------------------------------------------------------

# Two lines: which Python at which place (an environment that was copied elsewhere still runs the old place's program), which packages.
wanted_stamp() {
    "$python" - <<'END'
import hashlib, os, pathlib, sys

listed = b"".join(pathlib.Path(name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
print(hashlib.sha256(f"{sys.version} {os.getcwd()}".encode()).hexdigest())
print(hashlib.sha256(listed).hexdigest())
END
}

make_environment() {
    local stamp=$venv/setup-stamp wanted found
    wanted=$(wanted_stamp)
    found=$(cat "$stamp" 2>/dev/null || true)
    if [ -x "$venv/bin/qmsdocs" ] && [ "$found" = "$wanted" ]; then
        return
    fi
    say "making the environment .venv (once; a minute or two)"
    if [ "${found%%$'\n'*}" != "${wanted%%$'\n'*}" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear "$venv"
    fi
    rm -f "$stamp"
    local pip=("$venv/bin/python" -m pip install --quiet --quiet --constraint constraints.txt)
    # The build tool first, so that it too has the version of constraints.txt.
    "${pip[@]}" hatchling editables setuptools setuptools-scm wheel  # what builds this project, and the one test library without a wheel
    "${pip[@]}" --no-build-isolation --editable '.[fast,fonts,test]'
    echo "$wanted" >"$stamp"
}

# --- all of it ------------------------------------------------------------------------------------------------------------------------

if has flock; then # two at a time would spoil each other's environment
    exec 9<"$top/tools/setup.sh"
    flock 9
fi
need_python
if ! provide base "git is missing; nothing works without it."; then
    exit 2
fi
if ! provide pdf "Without these libraries no PDF is made: records are issued all the same, their pages stay pending."; then
    if ci; then exit 1; fi
fi
make_environment
if [ $tests = yes ]; then
    if ! provide tests "Some tests look at results with other programs, which are missing; those tests will be skipped or fail."; then
        if ci; then exit 1; fi
    fi
fi
