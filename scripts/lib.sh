# What the scripts of this repo share: the root folder, installing Debian packages, stages with a summary. Source it.
set -euo pipefail
exec </dev/null
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# One compiler cache for all stages and clones: paths below the root count from there.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=true
# It tells the compiler's names apart, so that what one stage compiled is found by the next under one name.
if [ -z "${CXX:-}" ] && command -v g++ >/dev/null && [ "$(command -v c++)" -ef "$(command -v g++)" ]; then
    export CXX=g++
fi
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1 CLICOLOR=0
jobs=${UML_JOBS:-$(nproc 2>/dev/null || echo 2)}
logs=$root/build/logs
mkdir -p "$logs"

note() { printf '\n== %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# The packages for building and testing; those of later stages are asked for by the stages themselves.
build_packages=(g++ cmake ninja-build ccache doctest-dev libeigen3-dev libdnnl-dev ocl-icd-opencl-dev libstb-dev libspng-dev
    libturbojpeg0-dev libtiff-dev libxtensor-dev xtl-dev libbenchmark-dev)

# install_packages NAME...: installs what is missing where that is possible; says what is missing and goes on where not.
install_packages() {
    local name missing=()
    if ! have dpkg-query; then
        echo "not a Debian system: make sure that you have the equivalents of: $*"
        return 0
    fi
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "missing packages, and not root, so going on without them: ${missing[*]}"
        return 0
    fi
    echo "installing: ${missing[*]}"
    if ! apt-get update -q >"$logs/apt.log" 2>&1; then
        echo "apt-get update failed (see build/logs/apt.log); trying with the lists that are there"
    fi
    if ! apt-get install -q -y --no-install-recommends "${missing[@]}" >>"$logs/apt.log" 2>&1; then
        # One name that this release lacks must not keep the others away.
        for name in "${missing[@]}"; do
            apt-get install -q -y --no-install-recommends "$name" >>"$logs/apt.log" 2>&1 || echo "could not install $name"
        done
    fi
}

# python_tools NAME PACKAGE...: tools from PyPI in build/venv-NAME. False, with a message, where that is not possible.
python_tools() {
    local venv="$root/build/venv-$1"
    shift
    if [ ! -x "$venv/bin/pip" ] && ! python3 -m venv "$venv" >"$logs/venv.log" 2>&1; then
        echo "no Python environment (see build/logs/venv.log): going on without $*"
        return 1
    fi
    if ! "$venv/bin/pip" install -q "$@" >>"$logs/venv.log" 2>&1; then
        echo "could not install from PyPI (see build/logs/venv.log): going on without $*"
        return 1
    fi
}

# build PRESET [TARGET...]: configures and builds it, all of it or these targets, as far as it goes. UML_TEST_UNITY=OFF: every test
# file on its own. UML_PARITY_BACKENDS: these alone in uml-parity.
build() {
    local preset=$1
    shift
    cmake --preset "$preset" -DUML_TEST_UNITY="${UML_TEST_UNITY:-ON}" -DUML_PARITY_BACKENDS="${UML_PARITY_BACKENDS:-}" &&
        cmake --build "build/$preset" -j "$jobs" ${1:+--target "$@"} -- -k 0
}

# build_and_test PRESET[:TESTS] [TARGET...]: runs the tests (a test preset, of the same name unless it is given) even where a
# program did not build, and remembers that it did not.
build_and_test() {
    local rc=0 preset=${1%%:*} tests=${1##*:}
    shift
    build "$preset" "$@" || rc=1
    ctest --preset "$tests" -j "$jobs" || rc=1
    return $rc
}

stage_names=() stage_results=() stage_seconds=()
tests_passed=0 tests_failed=0

# count_tests LOG: "PASSED FAILED" if a program in it counts its tests (ctest, pytest, a line "N passed, N failed").
count_tests() {
    awk '/^[0-9]+% tests passed, [0-9]+ tests failed out of/ { failed += $4; passed += $NF - $4; counted = 1 }
        /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3; counted = 1 }
        / in [0-9.]+s/ && /^=* *[0-9]+ (passed|failed)/ {
            for (i = 2; i <= NF; ++i) {
                if ($i ~ /^passed/) passed += $(i - 1)
                if ($i ~ /^failed/) failed += $(i - 1)
            }
            counted = 1
        }
        END { if (counted) print passed + 0, failed + 0 }' "$1"
}

# stage NAME PROGRAM...: runs it (a program of its own, so that its set -e holds), shows and keeps what it prints, remembers how it went. A command that ends with 77 was
# not possible here, which is not a failure; it prints why.
stage() {
    local name=$1 log rc=0 start=$SECONDS passed failed counted=no failed_before=$tests_failed
    shift
    log="$logs/$name.log"
    note "$name"
    "$@" 2>&1 | tee "$log" || rc=${PIPESTATUS[0]}
    stage_names+=("$name")
    stage_seconds+=($((SECONDS - start)))
    case $rc in
        0) stage_results+=("ok") ;;
        77) stage_results+=("not possible here") ;;
        *) stage_results+=("FAILED") ;;
    esac
    while read -r passed failed; do
        counted=yes
        tests_passed=$((tests_passed + passed))
        tests_failed=$((tests_failed + failed))
    done < <(count_tests "$log")
    if [ "$rc" -eq 0 ] && [ $counted = no ]; then
        tests_passed=$((tests_passed + 1))
    elif [ "$rc" -ne 0 ] && [ "$rc" -ne 77 ] && [ "$tests_failed" -eq "$failed_before" ]; then
        tests_failed=$((tests_failed + 1))
    fi
    return 0
}

# summary: the table of stages, then "N passed, N failed". False if anything failed.
summary() {
    local i
    note "summary"
    for i in "${!stage_names[@]}"; do
        printf '%-24s %5d s  %s\n' "${stage_names[$i]}" "${stage_seconds[$i]}" "${stage_results[$i]}"
    done
    printf '%-24s %5d s\n\n' "all" "$SECONDS"
    echo "$tests_passed passed, $tests_failed failed"
    [ "$tests_failed" -eq 0 ]
}
