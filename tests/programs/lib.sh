# What the tests of programs share: TEST.sh PROGRAM SOURCE_DIR, in a folder of its own that is removed afterwards.
set -u
program=$1
source_dir=$2
here=$source_dir/tests/programs
weights=$source_dir/weights/brain-mri-edge.safetensors
samples=$source_dir/examples/samples
sample=$samples/glioma-2009.png
command -v python3 >/dev/null || { echo "skipped: needs python3" && exit 77; }
[ -s "$weights" ] || { echo "skipped: needs $weights" && exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C

faults=0
failed() {
    echo "FAILED: $*"
    faults=$((faults + 1))
}

# expect STATUS ARGUMENT...: runs the program; its output is in the files out and err.
expect() {
    local wanted=$1 status=0
    shift
    "$program" "$@" >out 2>err || status=$?
    [ $status -eq "$wanted" ] || failed "exit status $status, not $wanted: $* ($(head -c 300 err))"
}

passed() {
    [ $faults -eq 0 ] || exit 1
    echo "all as expected"
}
