#!/usr/bin/env bash
# Calls of the system that fail, of every kind in turn, as on a disk that breaks, is full, or knows no locks: an exit
# status and the reason, only whole files, and --resume ends as if nothing had been.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"
refuse=$(dirname "$program")/../tests/libuml-refuse-calls.so
[ -e "$refuse" ] || { echo "skipped: needs $refuse" && exit 77; }
mkdir in
cp "$sample" in
batch() { "$program" --weights "$weights" --threads 2 --save mask --out "$1" --csv "$1.csv" --resume in; }
batch whole >/dev/null || failed "the batch itself"
same() { # WHAT
    diff <(cd whole && sha256sum ./*.png) <(cd tried && sha256sum ./*.png) || failed "$1: other pictures"
    diff <(cut -d, -f1-17 whole.csv) <(cut -d, -f1-17 tried.csv) || failed "$1: another table"
    [ -z "$(find . -name '*.part')" ] || failed "$1: leaves $(find . -name '*.part')"
}
# failing CALL NUMBER_OF_ERROR REASON: at UML_CALLS (3) of them, spread by a seed.
failing() {
    local k all status step
    rm -rf tried*
    UML_FAIL=$1 UML_FAIL_COUNT=count LD_PRELOAD=$refuse batch tried >/dev/null 2>err || failed "$1: $(cat err)"
    all=$(cat count)
    [ "$all" -gt 0 ] || failed "$1 is never called"
    step=$((all / ${UML_CALLS:-3} + 1))
    for ((k = 1 + ${SEED:-1} * 7919 % step; k <= all; k += step)); do
        rm -rf tried*
        status=0
        (export UML_FAIL=$1 UML_FAIL_AT=$k UML_FAIL_WITH=$2 LD_PRELOAD=$refuse && batch tried) >/dev/null 2>err || status=$?
        case $status in
            0) [ ! -s err ] || failed "$1 $k of $all: success, but $(cat err)" ;;
            1 | 2) grep -q "$3" err || failed "$1 $k of $all: no word of '$3' but: $(cat err)" ;;
            *) failed "$1 $k of $all: exit status $status, $(cat err)" ;;
        esac
        [ $status -ne 0 ] || same "$1 $k, which was no failure,"
        batch tried >/dev/null 2>err || failed "--resume after $1 $k of $all: $(cat err)"
        same "--resume after $1 $k of $all"
    done
    echo "$1: $all calls, every ${step}th failed"
}
failing write 28 "cannot be written: No space left on device"
failing fsync 5 "cannot be written: Input/output error"
failing rename 18 "cannot be written: Invalid cross-device link"
failing flock 37 "No locks available"

# A disk that knows no locks: nobody is told that his table is safe.
for where in "--csv none.csv" "--save mask --out none"; do
    UML_FAIL=flock UML_FAIL_AT=1 UML_FAIL_ALL=1 UML_FAIL_WITH=37 LD_PRELOAD=$refuse expect 2 --weights "$weights" $where in
    grep -q "No locks available" err || failed "$where: $(cat err)"
done
passed
