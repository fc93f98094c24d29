#!/usr/bin/env bash
# Places of results that somebody else has touched, names that are made to be mistaken for others, and standard streams that
# are closed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"
mkdir in p1 p2 p3
cp "$samples/glioma-2009.png" in/a.png
cp "$samples/meningioma-0193.png" in/b.png
run() { expect 0 --weights "$weights" --save mask "$@"; }
skipped() { grep -c 'skipped, its results exist' out; }
masks() { (cd "$1" && sha256sum ./*.png); }
is_list() { # FILE: lines of JSON and nothing else
    python3 -c 'import json, sys; [json.loads(l) for l in open(sys.argv[1])]' "$1" || failed "$1 is no list of results: $(head -c 300 "$1")"
}
run --out right --csv right.csv in

# A closed standard stream: what is opened gets its number, and nothing that is printed ends in it.
for closed in ">&-" "2>&-" "<&- >&- 2>&-"; do
    rm -rf closed*
    status=0
    eval '"$program" --weights "$weights" --save mask --out closed --csv closed.csv in >out 2>err' "$closed" || status=$?
    [ $status = $([[ $closed = "2>&-" ]] && echo 0 || echo 1) ] || failed "$closed: exit status $status, $(cat err)"
    diff <(masks right) <(masks closed) || failed "$closed: other pictures"
    diff <(cut -d, -f1-17 right.csv) <(cut -d, -f1-17 closed.csv) || failed "$closed: another table"
    is_list closed/uml-manifest.jsonl
    is_list closed.csv.manifest.jsonl
done
status=0
"$program" --help >&- 2>err || status=$?
[ $status = 1 ] && grep -q "standard output cannot be written" err || failed "--help to nowhere: $status, $(cat err)"

# Standard output is asked for by a name that can mean nothing else; a folder is no file.
expect 2 --weights "$weights" --csv - in
grep -q "standard output holds the report" err || failed "--csv -: $(cat err)"
expect 2 --weights "$weights" --out - in
expect 2 --weights "$weights" --csv "" in
expect 2 --weights "$weights" in ""
grep -q "an image without a name" err || failed "an empty name: $(cat err)"
[ ! -e - ] || failed "a file is called -"

# A limit on the size of files is a full disk, not the end of the program.
(ulimit -f 0 && exec "$program" --weights "$weights" --csv limited.csv in) 2>&1 >/dev/null | cat >err
[ "${PIPESTATUS[0]}" = 2 ] && grep -q "cannot be written: File too large" err || failed "a limit on files: $(cat err)"

# Results stay for those who might read them before.
touch private.csv && chmod 600 private.csv
cp -r right private && chmod 600 private/a.mask.png
(umask 022 && run --csv private.csv --out private in)
[ "$(stat -c %a private.csv private/a.mask.png private/b.mask.png | tr '\n' ' ')" = "600 600 644 " ] ||
    failed "permissions: $(ls -l private.csv private)"

# Names that digits make: those of another picture, and of two pictures whose digits are equal. The same in every order.
python3 - "$samples" <<'P' || failed "no pictures with equal digits"
import hashlib, pathlib, struct, sys, zlib
png = pathlib.Path(sys.argv[1], "glioma-2009.png").read_bytes()
start = hashlib.sha256(png[:-12])
def chunk(n):
    body = b"tEXt" + b"n\0" + str(n).encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + png[-12:]
seen = {}
for n in range(1 << 20):
    h = start.copy()
    h.update(chunk(n))
    digits = h.digest()[:4]
    if digits in seen: break
    seen[digits] = n
for folder, m in (("p1", n), ("p2", seen[digits])):
    pathlib.Path(folder, "slice.png").write_bytes(png[:-12] + chunk(m))
P
first=$(sha256sum <p1/slice.png) second=$(sha256sum <p2/slice.png)
[ "${first:0:8}" = "${second:0:8}" ] || failed "digits differ: $first $second"
cp in/b.png "p3/slice-${first:0:16}.png"
printf '%s\n' "slice-${first:0:16}.mask.png" "slice-${first:0:64}.mask.png" "slice-${second:0:16}.mask.png" | sort >expected
for order in "p1 p2 p3" "p3 p2 p1" "p2 p3 p1"; do
    rm -rf ordered
    run --out ordered $order
    diff expected <(cd ordered && ls ./*.png | cut -c3- | sort) || failed "$order: other names"
    cmp -s "ordered/slice-${first:0:16}.mask.png" right/b.mask.png || failed "$order: another picture under the name of p3's"
done
ln -s ../in/a.png p3/z-link.png
ln -s ../in/a.png p3/0-link.png
for order in "p3/z-link.png in/a.png p3/0-link.png" "p3/0-link.png p3/z-link.png in/a.png"; do
    rm -rf linked
    run --out linked $order
    [ "$(cd linked && ls ./*.png)" = ./a.mask.png ] || failed "$order: one picture is $(ls linked)"
done

# Names that are one only when they are escaped, and one that would tell a report of its own.
mkdir odd
cp in/a.png $'odd/\xff.png'
cp in/a.png 'odd/\xff.png'
cp in/a.png 'odd/=1.png'
cp in/a.png "odd/'=1.png"
cp in/a.png $'odd/line\nfake.png: accepted.png'
cp in/a.png $'odd/\e[31m\xc2\x9b\xe2\x80\xae.png'
(cd odd && "$program" --weights "$weights" --csv ../odd.csv -- *.png) >out 2>err || failed "odd names: $(cat err)"
grep -q '^fake' out && failed "a name tells a report: $(head -3 out)"
(cd odd && "$program" --weights "$weights" --json -- *.png) >out 2>err || failed "odd names: $(cat err)"
python3 - <<'P' || failed "names are mistaken for others"
import csv, json
printed = open("out", "rb").read() + open("odd.csv", "rb").read()
assert not any(moves in printed for moves in (b"\x1b", b"\xc2\x9b", b"\xe2\x80\xae")), printed
document = [i["image"] for i in json.load(open("out"))["images"]]
table = [r["image"] for r in csv.DictReader(open("odd.csv", newline=""))]
assert len(set(document)) == len(set(table)) == 6 and "\x1b[31m\x9b\u202e.png" in document and "line\nfake.png: accepted.png" in table, (document, table)
assert "'=1.png" in table and "''=1.png" in table and r"\x1b[31m\xc2\x9b\xe2\x80\xae.png" in table and r"\xff.png" in table and r"\x5cxff.png" in table, table
P

# A name too long for one of its results: nothing of it is written.
long=$(printf 'n%.0s' {1..240})
cp in/a.png "odd/$long.png"
expect 1 --weights "$weights" --save mask,uncertainty --out toolong "odd/$long.png"
grep -q "cannot be written: File name too long" err && [ "$(ls toolong)" = uml-manifest.jsonl ] || failed "a long name: $(ls toolong) $(cat err)"

# What is in the way of a picture stays.
mkdir -p way/a.mask.png && mkfifo way/b.mask.png
run --out way in
[ "$(cd way && ls -d ./*.png | grep -cE '^\./[ab]-[0-9a-f]{8}\.mask\.png$')" = 2 ] && [ -p way/b.mask.png ] || failed "in the way: $(ls way)"
rm way/b-*.png && mkfifo way/"b-$(sha256sum <in/b.png | cut -c1-8)".mask.png
status=0
timeout 60 "$program" --weights "$weights" --save mask --out way in >out 2>err || status=$?
[ $status = 1 ] && grep -q "not a regular file, so it stays" err || failed "a pipe in a picture's place: $status, $(cat err)"

# What is called a picture in a folder and cannot be read is said to be there; a folder of that name is none.
mkdir -p listed/folder.png && cp in/a.png listed
ln -s nowhere listed/gone.png
mkfifo listed/pipe.PNG
ln -s ../in/b.png listed/link.png
expect 1 --weights "$weights" --json listed
python3 - <<'P' || failed "a folder's pictures"
import json
found = {i["image"]: i.get("error") for i in json.load(open("out"))["images"]}
wanted = {"listed/a.png": None, "listed/link.png": None, "listed/gone.png": "listed/gone.png: there is no such file",
          "listed/pipe.PNG": "listed/pipe.PNG: not a file"}
assert found == wanted, found
P

# The list of results: moved, doubled, cut, deleted, edited, of somebody else.
cp -r right lists
mv lists moved
run --resume --out "$PWD/moved" "$PWD/in"
[ "$(skipped)" = 2 ] || failed "a moved folder, and absolute names: $(skipped) of 2"
cat right/uml-manifest.jsonl >>moved/uml-manifest.jsonl
run --resume --out moved in
[ "$(skipped)" = 2 ] || failed "a doubled list: $(skipped) of 2"
for change in "head -c -3" "head -n 1" "sed y/a/z/" "sed s/outputs/results/"; do
    $change <right/uml-manifest.jsonl >moved/uml-manifest.jsonl
    run --resume --out moved in
    [ "$(skipped)" -lt 2 ] || failed "$change: results without a list were believed"
    run --resume --out moved in
    [ "$(skipped)" = 2 ] || failed "$change: $(skipped) of 2 afterwards"
done
rm moved/*.png
run --resume --out moved in
[ "$(skipped)" = 0 ] || failed "results that are gone were believed"
python3 - <<'P'
import json
lines = [json.loads(l) for l in open("right/uml-manifest.jsonl")]
for l in lines: l["name"] = "../stolen"
open("moved/uml-manifest.jsonl", "w").writelines(json.dumps(l, separators=(",", ":")) + "\n" for l in lines)
P
run --out moved in
[ -z "$(find . -name 'stolen*')" ] || failed "an edited list led elsewhere"
mkdir mine && printf 'a note of mine' >mine/uml-manifest.jsonl
expect 2 --weights "$weights" --save mask --out mine in
[ "$(cat mine/uml-manifest.jsonl)" = "a note of mine" ] || failed "a file of somebody else was changed"
ln "$PWD/in/a.png" t.csv.manifest.jsonl
sum=$(sha256sum <in/a.png)
expect 2 --weights "$weights" --csv t.csv in
grep -q "an input of this program" err && [ "$sum" = "$(sha256sum <in/a.png)" ] || failed "a list in a picture's place: $(cat err)"

# Each option that decides on results, and none that does not; a picture that is changed and changed back.
run --resume --out right --threads 1 --recursive in
[ "$(skipped)" = 2 ] || failed "threads decide"
for option in "--levels 0 255" "--kind-check off" --show-unfamiliar "--precision f32-direct"; do
    cp -r right changed
    run --resume --out changed $option in
    [ "$(skipped)" = 0 ] || failed "$option: $(skipped) skipped"
    run --resume --out changed $option in
    [ "$(skipped)" = 2 ] || failed "$option again: $(skipped) skipped"
    rm -rf changed
done
if "$program" --help | grep -q "onednn (f32"; then
    for threads in 2 3; do # which may decide on last bits of oneDNN
        run --resume --out library --backend onednn --threads $threads in
        [ "$(skipped)" = 0 ] || failed "oneDNN's results on other threads were believed"
    done
    run --resume --out library --backend onednn --threads 3 in
    [ "$(skipped)" = 2 ] || failed "oneDNN's results on as many threads: $(skipped) of 2"
    expect 0 --weights "$weights" --backend onednn --threads 3 in/a.png
    cp out team
    status=0
    OMP_DYNAMIC=true "$program" --weights "$weights" --backend onednn --threads 3 in/a.png >out 2>err || status=$?
    [ $status = 0 ] && diff <(grep -v ' in the network$' team) <(grep -v ' in the network$' out) || failed "teams that may be smaller: $status $(cat err)"
    status=0
    OMP_THREAD_LIMIT=2 "$program" --weights "$weights" --backend onednn --threads 3 in/a.png >out 2>err || status=$?
    [ $status = 3 ] && grep -q "OpenMP gives the calling thread no team of 3" err || failed "a limit of threads: $status $(cat err)"
fi
cp in/a.png kept && cp in/b.png in/a.png
run --resume --out right --csv right.csv in
[ "$(skipped)" = 1 ] && cmp -s right/a.mask.png right/b.mask.png || failed "a picture that is changed"
cp kept in/a.png
run --resume --out right --csv right.csv in
[ "$(skipped)" = 1 ] && diff <(masks right) <(masks closed) || failed "a picture that is changed back"
[ "$(sed 1d right.csv | cut -d, -f1 | sort | tr '\n' ' ')" = "in/a.png in/b.png " ] || failed "rows: $(cut -d, -f1 right.csv)"

# A table that a spreadsheet has saved is refused; without its list its rows are made again.
for change in 's/$/\r/' '1s/^/\xef\xbb\xbf/' '1s/image/"image"/'; do
    sed "$change" right.csv >saved.csv
    cp saved.csv before.csv
    expect 2 --weights "$weights" --csv saved.csv --resume in
    grep -q "saved.csv: has been saved by another program" err && cmp before.csv saved.csv || failed "$change: $(cat err)"
done
cat right.csv right.csv >double.csv
cp right.csv.manifest.jsonl double.csv.manifest.jsonl
expect 0 --weights "$weights" --csv double.csv --resume in
cmp right.csv double.csv || failed "a doubled table: $(cut -d, -f1 double.csv | tr '\n' ' ')"
[ "$(skipped)" = 2 ] || failed "a doubled table: $(skipped) of 2"
cp right.csv alone.csv
run --csv alone.csv --resume in/a.png
diff <(cut -d, -f1-17 right.csv | sort) <(cut -d, -f1-17 alone.csv | sort) || failed "a table without its list"

# A table is not taken by a picture, whether it was there before or not.
cp -r in own
run --out own own
for resume in "" --resume --resume; do
    expect 1 --weights "$weights" --save mask --out own --csv own/a.mask.png $resume own
    grep -q "own/a.mask.png: the table of this run" err || failed "a picture in the table's place: $(cat err)"
    [ "$(cut -d, -f1 own/a.mask.png | tr '\n' ' ')" = "image own/b.png " ] || failed "a picture took the table's place"
done

# Another program's lock on the list is not waited for any longer than until the program is to end.
: >right/uml-manifest.jsonl
python3 -c 'import fcntl, time; f = open("right/uml-manifest.jsonl", "r+"); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); time.sleep(20)' >ready &
holder=$!
while [ ! -s ready ]; do sleep 0.05; done
"$program" --weights "$weights" --save mask --out right in >/dev/null 2>err & pid=$!
sleep 0.3
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status = 143 ] && grep -q "stopped after 0 of 2 images; the same command with --resume goes on" err || failed "a lock: $status, $(cat err)"
kill -9 $holder
run --out right in # a lock goes with the program that held it

# The other programs keep these rules too.
mkdir -p data/images data/masks
cp in/a.png data/images
cp "$samples/masks/glioma-2009.png" data/masks/a.png
printf 'id,label,name\na,1,glioma\n' >data/labels.csv
other() { # STATUS PROGRAM ARGUMENT...
    local wanted=$1 status=0
    shift
    "$programs/$1" --weights "$weights" --data data "${@:2}" >out 2>err || status=$?
    [ $status -eq "$wanted" ] || failed "exit status $status, not $wanted: $* ($(head -c 300 err))"
}
programs=$(dirname "$program")
if [ -x "$programs/uml-evaluate" ]; then
    other 1 uml-evaluate --json data/figures --per-image data/../data/figures
    grep -q "another result goes there" err || failed "two results in one file: $(cat err)"
    other 1 uml-evaluate --json - && other 2 uml-evaluate --json ""
    mkdir plots && ln -s nowhere plots/dice.svg
    other 1 uml-evaluate --json figures --plots plots
    grep -q "plots/dice.svg: a symbolic link that leads nowhere" err && [ "$(ls plots)" = dice.svg ] && [ ! -e figures ] ||
        failed "figures that cannot be written: $(ls plots) $(cat err)"
    touch figures && chmod 640 figures
    other 0 uml-evaluate --json figures --per-image >(cat >piped)
    [ "$(stat -c %a figures)" = 640 ] && sleep 0.1 && [ "$(wc -l <piped)" = 2 ] || failed "results of uml-evaluate: $(ls -l figures piped)"
fi
if [ -x "$programs/uml-fuse-slices" ]; then
    "$programs/uml-fuse-slices" $'no\xe2\x80\xae\e[31m' in/a.png in/b.png >out 2>err
    grep -q 'no\\u{202e}' err && ! grep -q $'\e' err || failed "names in uml-fuse-slices: $(cat err)"
fi
if [ -x "$programs/uml-calibrate" ]; then
    echo before >copy
    (ulimit -f 100 && other 1 uml-calibrate --out copy && grep -q "copy: cannot be written: File too large" err) || failed "a full disk: $(cat err)"
    [ "$(cat copy)" = before ] || failed "a full disk: the former file is gone"
    other 0 uml-calibrate --out /dev/null
    other 0 uml-calibrate --out copy && cp copy streamed && other 0 uml-calibrate --out >(cat >streamed)
    sleep 0.2
    cmp copy streamed || failed "a copy through a pipe"
fi
passed
