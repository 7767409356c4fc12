# Installs opencode-auth for the person who runs this, without root, and changes no configuration that is there.
#
# The lines before these say what and from where: GATEWAY, VERSION, BASE (a link that works for 15 minutes, or the folder
# that the files are in) and SUMS (lines of "sha256  name"). Everything is a function until the last line, so half a
# download does nothing; nothing that was downloaded runs before its SHA-256 is that of SUMS.

main() {
    [ -z "${ZSH_VERSION:-}" ] || emulate sh
    set -eu
    umask 077
    check_parameters
    check_tools
    find_platform
    choose_executable || choose_wheel
    warn_root
    prepare_folders
    case $artifact in
        *.whl) install_wheel ;;
        *) install_executable ;;
    esac
    "$new" install --gateway "$GATEWAY" </dev/null
}

say() { printf '%s\n' "opencode-auth: $1" >&2; }

die() {
    say "$1"
    [ -z "${2:-}" ] || printf '%s\n' "hint: $2" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

check_parameters() {
    page=${BASE%/i/*}/
    again="copy a new line from $page"
    case $BASE in
        /*) again="unpack the archive again, or get a newer one" ;;
        *) check_address "$BASE" ;;
    esac
    check_address "$GATEWAY"
    case $VERSION in
        '' | *[!0-9.]*) die "the script is damaged: its version is not x.y.z" "$again" ;;
    esac
}

check_address() {
    case $1 in
        https://?* | http://localhost:* | http://*.localhost:* | http://127.0.0.1:*) ;;
        *) die "refused: $1 is not an https address" ;;
    esac
}

check_tools() {
    for tool in uname mkdir mktemp chmod rm cat; do
        has "$tool" || die "$tool is missing" "this system lacks the usual commands; install coreutils"
    done
    case $BASE in
        /*) ;;
        *) has curl || has wget || die "neither curl nor wget is here" "install one of them, then run the line again" ;;
    esac
    has sha256sum || has shasum || has openssl ||
        die "cannot check a SHA-256: sha256sum, shasum and openssl are missing" "install one of them"
}

# Sets artifact, and expected to its SHA-256; fails when the release has no executable for this platform.
choose_executable() {
    artifact=opencode-auth-$VERSION-$platform
    expected=$(sum_of "$artifact")
    [ -n "$expected" ]
}

choose_wheel() {
    artifact=opencode_auth-$VERSION-py3-none-any.whl
    expected=$(sum_of "$artifact")
    [ -n "$expected" ] || die "release $VERSION has nothing for $system" "ask whoever runs $GATEWAY"
    find_python
}

sum_of() {
    printf '%s\n' "$SUMS" | while read -r sum name; do
        [ "$name" != "$1" ] || printf '%s\n' "$sum"
    done
}

# Sets platform as artifacts are named, or to "none", and system as people say it.
find_platform() {
    kernel=$(uname -s)
    machine=$(uname -m)
    system="$kernel on $machine"
    case $machine in
        x86_64 | amd64) machine=x86_64 ;;
        arm64 | aarch64) machine=arm64 ;;
    esac
    case $kernel in
        Darwin) platform=macos-$(native_machine) ;;
        Linux) platform=linux-$machine ;;
        MINGW* | MSYS* | CYGWIN*) die "this is for macOS and Linux" "the page has a line for Windows" ;;
        *) platform=none ;;
    esac
    [ "$platform" != linux-arm64 ] || platform=linux-aarch64
    if [ "$kernel" = Linux ] && reason=$(no_executable_here); then
        platform=none
        system="$system ($reason)"
        say "$reason: the executables do not run here, so the wheel is installed"
    fi
}

# A shell under Rosetta says x86_64 on a Mac that is arm64.
native_machine() {
    if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then echo arm64; else echo "$machine"; fi
}

# Prints why an executable made for 64-bit glibc does not run here; fails when it does.
no_executable_here() {
    if [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 32 ]; then
        echo "32-bit programs only"
    elif [ -n "$(ls /lib/ld-musl-* 2>/dev/null)" ] &&
        [ -z "$(ls /lib*/ld-linux-* /lib/*/ld-linux-* 2>/dev/null)" ]; then
        echo "musl instead of glibc"
    else
        return 1
    fi
}

# Sets python to "uv" or an interpreter that can hold the wheel.
find_python() {
    if has uv; then
        python=uv
        return
    fi
    for python in python3 python3.15 python3.14 python3.13 python3.12 python3.11; do
        if has "$python" && "$python" -c "$PYTHON_IS_FIT" >/dev/null 2>&1; then return; fi
    done
    die "there is no executable for $system, and neither uv nor Python 3.11 with venv to install the wheel" \
        "install uv (https://docs.astral.sh/uv/) or Python 3.11 (Debian, Ubuntu: with python3-venv), run the line again"
}

PYTHON_IS_FIT='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

warn_root() {
    [ "$(id -u 2>/dev/null || echo 1)" = 0 ] || return 0
    say "running as root: this installs for root alone, and nobody else"
    [ -O "${HOME:-/}" ] || say "and into ${HOME:-/}, which is somebody else's: without sudo it would be theirs"
}

# Sets data, where the client keeps its versions, and scratch, a folder in it that is gone at the end: a program in /tmp
# may not be allowed to run.
prepare_folders() {
    [ -n "${OPENCODE_AUTH_HOME:-}" ] || [ -n "${HOME:-}" ] || die "HOME is not set" "set it to your home folder"
    if [ -n "${OPENCODE_AUTH_HOME:-}" ]; then
        data=$OPENCODE_AUTH_HOME/data
    else
        shared=$HOME/.local/share
        [ "$kernel" != Darwin ] || shared="$HOME/Library/Application Support"
        case ${XDG_DATA_HOME:-} in /*) shared=$XDG_DATA_HOME ;; esac
        data=$shared/opencode-auth
    fi
    mkdir -p "$data/versions" || cannot_write
    for folder in "$data" "$data/versions"; do  # who owns them could put another program in the place of a checked one
        [ -O "$folder" ] || die "$folder is somebody else's" "run the line as them, or set OPENCODE_AUTH_HOME"
    done
    scratch=
    unfinished=
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    scratch=$(mktemp -d "$data/install.XXXXXX") || cannot_write
}

cannot_write() { die "cannot write to $data" "make it yours, or set OPENCODE_AUTH_HOME to another folder"; }

clean_up() {
    [ -z "$scratch" ] || rm -rf "$scratch"
    [ -z "$unfinished" ] || rm -rf "$unfinished"
}

# Where it does not start, such as with an older glibc, the wheel takes its place.
install_executable() {
    new=$scratch/opencode-auth
    download "$new"
    chmod 700 "$new"
    "$new" --version >/dev/null 2>&1 </dev/null && return
    say "$artifact does not start on $system, so the wheel is installed"
    choose_wheel
    install_wheel
}

# A virtual environment in the place of this version; one that works is kept, since it may be running. What the wheel
# needs comes from the package index as wheels alone: none of it runs code while it is installed.
install_wheel() {
    venv=$data/versions/$VERSION/venv
    new=$venv/bin/opencode-auth
    if [ -x "$new" ] && "$new" --version >/dev/null 2>&1; then
        say "version $VERSION is here already"
        return
    fi
    download "$scratch/$artifact"
    say "installing with $python"
    rm -rf "$venv"
    unfinished=$venv
    if [ "$python" = uv ]; then
        uv venv --quiet --no-project --python '>=3.11' "$venv" &&
            uv pip install --quiet --only-binary :all: --python "$venv/bin/python" "$scratch/$artifact"
    else
        "$python" -m venv "$venv" &&
            "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
                "$scratch/$artifact"
    fi || die "$python could not install $artifact" "what it said is above; is a package index within reach?"
    unfinished=
}

# Puts the artifact at $1 and checks it.
download() {
    say "fetching $artifact"
    fetch "$BASE/$artifact" "$1" || die "could not fetch $artifact" "a line works for 15 minutes: $again"
    actual=$(sha256_of "$1")
    if [ "$actual" = "$expected" ]; then
        say "checked: SHA-256 $actual"
        return
    fi
    rm -f "$1"
    die "$artifact is not what was released, so nothing was run: SHA-256 ${actual:-unknown}, expected $expected" \
        "$again; if that does not help, tell whoever runs $GATEWAY"
}

fetch() {
    case $BASE in
        /*)
            cat "$1" >"$2"
            return
            ;;
    esac
    if has curl; then
        set -- --fail --location --connect-timeout 20 --speed-limit 1 --speed-time 60 --retry 2 --output "$2" "$1"
        case $BASE in https:*) set -- --proto =https --proto-redir =https --tlsv1.2 "$@" ;; esac
        if [ -t 2 ]; then set -- --progress-bar "$@"; else set -- --silent --show-error "$@"; fi
        curl "$@"
    else
        wget -q -T 60 -O "$2" "$1"
    fi
}

sha256_of() {
    if has sha256sum; then
        line=$(sha256sum <"$1")
    elif has shasum; then
        line=$(shasum -a 256 <"$1")
    else
        line=$(openssl dgst -sha256 -r <"$1")
    fi
    printf '%s\n' "${line%% *}"
}

main "$@"
