#!/usr/bin/env bash
# A batch of uml-analyze that is killed, stopped, or loses its disk: only whole files stay, and --resume ends as if nothing
# had been.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"
mkdir in
for image in "$samples"/*.png; do cp "$image" in; done
# In a shell of its own, whose process it becomes.
batch() { exec "$program" --weights "$weights" --threads 1 --save mask,uncertainty --out "$1" --csv "$1.csv" --resume in; }
whole() { # FOLDER
    python3 - "$1" <<'P'
import pathlib, struct, sys, zlib
for f in pathlib.Path(sys.argv[1]).glob("*.png"):
    b, at = f.read_bytes(), 8
    while at < len(b):
        n, = struct.unpack(">I", b[at:at + 4])
        assert struct.unpack(">I", b[at + 8 + n:at + 12 + n])[0] == zlib.crc32(b[at + 4:at + 8 + n]), f
        at += 12 + n
    assert b[-8:-4] == b"IEND", f
P
}
same() { # FOLDER
    diff <(cd undisturbed && sha256sum ./*.png) <(cd "$1" && sha256sum ./*.png) || failed "$1: other pictures"
    diff <(cut -d, -f1-17 undisturbed.csv) <(cut -d, -f1-17 "$1.csv") || failed "$1: another table"
    [ -z "$(find "$1" -name '*.part')" ] || failed "$1: something is left: $(ls -A "$1")"
}
start=$EPOCHREALTIME
(batch undisturbed) >/dev/null || failed "the batch itself"
micro=$(((${EPOCHREALTIME/./} - ${start/./})))

# kill -9, at moments spread over the time that it takes.
RANDOM=${SEED:-$$}
for try in $(seq "${UML_KILLS:-6}"); do
    batch killed >/dev/null 2>&1 & pid=$!
    sleep "$(printf '0.%06d' $((RANDOM * micro / 32768 / 2 % 1000000)))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ ! -d killed ] || whole killed || failed "kill $try left a file that is not whole"
done
(batch killed) >/dev/null || failed "--resume after kill"
same killed

# SIGTERM: the picture at hand is finished, the way on is told.
: >out
batch stopped >out 2>err & pid=$!
while kill -0 $pid 2>/dev/null && ! grep -q pixels out; do sleep 0.02; done
kill -TERM $pid
status=0
wait $pid || status=$?
if [ $status -ne 0 ]; then # it may have been done already
    [ $status = 143 ] || failed "stopped: exit status $status"
    grep -q "stopped after [1-5] of 6 images; the same command goes on" err || failed "no way on: $(cat err)"
fi
(batch stopped) >/dev/null || failed "--resume after SIGTERM"
same stopped

# A full disk, as a limit on the size of files: an exit status and the reason, then as before.
(trap '' XFSZ && ulimit -f 40 && "$program" --weights "$weights" --save mask,uncertainty --out full --csv full.csv --resume in >/dev/null 2>err)
[ $? = 1 ] || failed "a full disk is no failure"
grep -q "cannot be written: File too large" err || failed "a full disk: no reason but $(head -c 300 err)"
whole full || failed "a full disk left a file that is not whole"
(batch full) >/dev/null || failed "--resume after a full disk"
same full

# The folder goes away.
batch gone >/dev/null 2>err & pid=$!
while kill -0 $pid 2>/dev/null && ! compgen -G 'gone/*.png' >/dev/null; do sleep 0.01; done
rm -rf gone
status=0
wait $pid || status=$?
[ $status = 1 ] && grep -q "cannot be written: No such file or directory" err || failed "a folder that is gone: $status, $(head -c 300 err)"
(batch gone) >/dev/null || failed "--resume after the folder was gone"
diff <(cd undisturbed && sha256sum ./*.png) <(cd gone && sha256sum ./*.png) || failed "gone: other pictures"

# The table goes away with its folder, or gives its place to another file: what was found is not lost without a word.
for after in "rm -rf table" "mv table/t.csv table/old.csv" "cp in/${sample##*/} table/new && mv table/new table/t.csv"; do
    mkdir -p table
    : >out
    "$program" --weights "$weights" --threads 1 --csv table/t.csv in >out 2>err & pid=$!
    while kill -0 $pid 2>/dev/null && ! grep -q pixels out; do sleep 0.01; done
    eval "$after"
    status=0
    wait $pid || status=$?
    [ $status = 1 ] && grep -qE "table/t.csv: (cannot be written: No such file|another file has taken its place)" err ||
        failed "$after: $status, $(head -c 300 err)"
    rm -rf table
done

# The clock goes back: results from the future, and inputs from the past, are judged by their content.
touch -d '+2 days' gone/* gone.csv*
touch -d '1971-01-01' in/*
before=$(stat -c '%n %i %Y' gone/*.png)
(batch gone) >out || failed "--resume with another clock"
[ "$(grep -c 'skipped, its results exist' out)" = 6 ] || failed "another clock: $(cat out)"
[ "$before" = "$(stat -c '%n %i %Y' gone/*.png)" ] || failed "another clock: results were made again"

# The weights are replaced in the middle: every result is of those that it began with, or the program refuses.
cp "$weights" replaced.safetensors
"$program" --weights replaced.safetensors --threads 1 --save mask,uncertainty --out replaced --csv replaced.csv in >/dev/null 2>err & pid=$!
while kill -0 $pid 2>/dev/null && ! compgen -G 'replaced/*.png' >/dev/null; do sleep 0.01; done
echo "no weights" >other && mv other replaced.safetensors
status=0
wait $pid || status=$?
[ $status = 0 ] || failed "replaced weights: $status, $(head -c 300 err)"
same replaced
passed
