#!/usr/bin/env bash
# Where the results of uml-analyze go: never in the place of others, resumed by what they were made from.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"
mkdir -p patient-1 patient-2 patient-3
n=0
for image in "$samples"/*.png; do
    [ $((n += 1)) -gt 3 ] || cp "$image" patient-$n/slice.png
done
rows() { sed 1d "$1" | cut -d, -f1,6 | sort; } # image and vacuity
run() { expect 0 --weights "$weights" --save mask "$@"; }
skipped() { grep -c 'skipped, its results exist' out; }

# One folder after another into one place, then all three, then again.
for n in 1 2 3; do
    run --out one --csv one.csv --resume patient-$n
    [ "$(skipped)" = 0 ] || failed "patient-$n was taken for another"
done
[ "$(ls one/*.mask.png | wc -l)" -eq 3 ] || failed "a mask was overwritten: $(ls one)"
cp one.csv three.csv
before=$(stat -c '%n %Y %i' one/*.png one.csv | sort)
run --out one --csv one.csv --resume patient-1 patient-2 patient-3
[ "$(skipped)" = 3 ] || failed "$(skipped) of 3 are known"
[ "$before" = "$(stat -c '%n %Y %i' one/*.png one.csv | sort)" ] || failed "--resume wrote again"
for n in 1 2 3; do
    run --out alone-$n patient-$n
    sha256sum one/*.mask.png | grep -q "^$(sha256sum <alone-$n/slice.mask.png | cut -d' ' -f1)" ||
        failed "the mask of patient-$n is not in one"
done

# All at once: names from the content, the same in every order.
run --out forth patient-1 patient-2 patient-3
run --out back patient-3 patient-2 patient-1
diff <(cd forth && sha256sum ./*.png) <(cd back && sha256sum ./*.png) || failed "names depend on the order"
[ "$(ls forth/*.png | grep -cE 'slice-[0-9a-f]{8}\.mask\.png$')" = 3 ] || failed "names without hashes: $(ls forth)"

# Several programs at once into one place.
for n in 1 2 3; do
    "$program" --weights "$weights" --threads 1 --save mask --out together patient-$n >/dev/null 2>err-$n &
done
wait
[ "$(sha256sum together/*.mask.png | cut -d' ' -f1 | sort)" = "$(sha256sum one/*.mask.png | cut -d' ' -f1 | sort)" ] ||
    failed "programs at once: $(ls together) $(cat err-1 err-2 err-3)"

# A picture that is replaced, and other weights or options: made again, and no row of the old one stays.
cp patient-2/slice.png patient-1/slice.png
run --out one --csv one.csv --resume patient-1 patient-2 patient-3
[ "$(skipped)" = 2 ] || failed "a replaced picture: $(skipped) skipped"
[ "$(rows one.csv | wc -l)" = 3 ] || failed "a replaced picture: $(rows one.csv)"
[ "$(rows one.csv | cut -d, -f2 | sort -u | wc -l)" = 2 ] || failed "the row of the replaced picture stays"
head -c 2000 patient-2/slice.png >patient-1/slice.png
expect 1 --weights "$weights" --save mask --out one --csv one.csv --resume patient-1 patient-2 patient-3
[ "$(rows one.csv | cut -d, -f1 | tr '\n' ' ')" = "patient-2/slice.png patient-3/slice.png " ] ||
    failed "a picture that cannot be read any more keeps the row of what it was: $(rows one.csv)"
python3 - "$weights" other.safetensors <<'P'
import json, struct, sys
b = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", b[:8])[0]
h = json.loads(b[8:8 + n])
h["__metadata__"]["uml.license"] += "."
t = json.dumps(h).encode()
t += b" " * (-len(t) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(t)) + t + b[8 + n:])
P
expect 0 --weights other.safetensors --save mask --out one --csv one.csv --resume patient-3
[ "$(skipped)" = 0 ] || failed "results of other weights were believed"
[ "$(rows one.csv | wc -l)" = 1 ] || failed "rows of other weights stay: $(rows one.csv)"
expect 0 --weights "$weights" --backend reference --save mask --out alone-3 --resume patient-3
[ "$(skipped)" = 0 ] || failed "results of another backend were believed"
run --out alone-2 --resume patient-2
[ "$(skipped)" = 1 ] || failed "whole results were not believed"
echo x >>alone-2/slice.mask.png
run --out alone-2 --resume patient-2
[ "$(skipped)" = 0 ] || failed "a damaged result was believed"

# The same picture twice is one; copies have results of their own; a file that is not known is left alone.
run --out twice --csv twice.csv patient-2/slice.png patient-2/../patient-2/slice.png patient-2
[ "$(rows twice.csv | wc -l)" = 1 ] || failed "one picture has several rows"
mkdir foreign && echo mine >foreign/slice.mask.png
run --out foreign patient-2
[ "$(cat foreign/slice.mask.png)" = mine ] || failed "a file of unknown origin was overwritten"

# Folders in folders.
mkdir -p tree/a/b && cp patient-2/slice.png tree/a/b/x.png && cp patient-3/slice.png tree/x.png
run --out tree/results --recursive tree
[ -s tree/results/a/b/x.mask.png ] && [ -s tree/results/x.mask.png ] || failed "--recursive: $(find tree)"
run --out tree/results --recursive --resume tree
[ "$(skipped)" = 2 ] || failed "--recursive --resume: $(skipped) of 2, its own results among them?"

# Inputs are never overwritten; devices and pipes are written to; links lead to files or are refused.
keep() { # FILE COMMAND_ARGUMENT...
    local file=$1 sum
    sum=$(sha256sum <"$file")
    shift
    expect 2 "$@"
    grep -q "an input of this program" err || failed "no reason but: $(cat err)"
    [ "$sum" = "$(sha256sum <"$file")" ] || failed "$file was overwritten"
}
cp "$weights" own.safetensors
ln -s patient-2/slice.png to-picture.csv
ln patient-3/slice.png hard.csv
keep patient-2/slice.png --weights "$weights" --csv patient-2/slice.png patient-2
keep patient-2/slice.png --weights "$weights" --csv to-picture.csv patient-2
keep patient-3/slice.png --weights "$weights" --csv hard.csv patient-3
keep own.safetensors --weights own.safetensors --csv own.safetensors patient-2
echo victim >victim.txt
ln -s victim.txt planted.csv.part
expect 0 --weights "$weights" --csv planted.csv patient-2
[ "$(cat victim.txt)" = victim ] || failed "a planted link was followed"
ln -s nowhere dangling.csv
expect 2 --weights "$weights" --csv dangling.csv patient-2
[ ! -e nowhere ] || failed "a dangling link was followed"
: >linked.csv && ln -s linked.csv link.csv
expect 0 --weights "$weights" --csv link.csv patient-2
[ -L link.csv ] && [ "$(rows linked.csv | wc -l)" = 1 ] || failed "a link to the user's file was not followed"
expect 0 --weights "$weights" --csv /dev/null patient-2
[ -c /dev/null ] || failed "/dev/null was replaced"
for place in /dev/stdout out; do # the rows among the JSON
    expect 2 --weights "$weights" --json --csv $place patient-2
    grep -q "among what --json prints" err && [ ! -s out ] || failed "--json --csv $place: $(cat err) $(head -c 100 out)"
done
expect 0 --weights "$weights" --csv /dev/stdout patient-2
grep -q '^image,width' out && grep -q '^1 done' out || failed "--csv /dev/stdout adds no rows to the report: $(cat out)"
"$program" --weights "$weights" --json --csv /dev/null patient-2 >/dev/null || failed "--json and --csv to nowhere"
expect 2 --weights "$weights" --csv /dev/full patient-2
grep -q "/dev/full: cannot be written: No space left on device" err || failed "no reason but: $(cat err)"
expect 0 --weights "$weights" --csv /dev/fd/3 patient-2 3>open.csv
[ "$(rows open.csv | wc -l)" = 1 ] || failed "an open file was not written to: $(cat err)"
for place in "3<open.csv" "3<>patient-2/slice.png" "3>&-" "0<&-"; do # not open for results, an input, closed
    sum=$(sha256sum <patient-2/slice.png)
    eval 'expect 2 --weights "$weights" --csv /dev/fd/${place::1} patient-2' "$place"
    grep -qE "/dev/fd/.: (open for reading alone|an input of this program|not an open file), so" err || failed "$place: $(cat err)"
    [ "$sum" = "$(sha256sum <patient-2/slice.png)" ] || failed "$place: an input was overwritten"
done
mkfifo pipe
cat pipe >piped & reader=$!
expect 0 --weights "$weights" --csv pipe patient-2
wait $reader
[ -p pipe ] && [ "$(rows piped | wc -l)" = 1 ] || failed "a pipe was not written to"
expect 3 --weights pipe patient-2
for output in /dev/full; do
    status=0
    "$program" --weights "$weights" patient-2 >$output 2>err || status=$?
    [ $status = 1 ] || failed "a full standard output: $status"
    status=0
    "$program" --help >$output 2>err || status=$?
    [ $status = 1 ] || failed "help to a full standard output: $status"
done

# Not even the list of results, nor a table by the pictures beside it.
expect 2 --weights "$weights" --save mask --out own --csv own/uml-manifest.jsonl patient-2
expect 0 --weights "$weights" --save mask --out own --csv own/slice.mask.png patient-2
[ "$(rows own/slice.mask.png | wc -l)" = 1 ] || failed "a picture took the table's place"

# Two programs, one table: the second is refused.
python3 -c 'import fcntl, sys, time; f = open("locked.csv", "w"); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); time.sleep(20)' >ready &
holder=$!
while [ ! -s ready ]; do sleep 0.05; done
expect 2 --weights "$weights" --csv locked.csv patient-2
grep -q "another program is writing it" err || failed "no word of the lock: $(cat err)"
kill $holder

# Names: 240 bytes, not UTF-8, a colour, a formula.
long=$(printf 'n%.0s' {1..240})
mkdir names
cp "$sample" "names/$long.png"
cp "$sample" $'names/\e[31mred.png'
cp "$sample" $'names/not-\xff.png'
cp "$sample" "names/=1+1.png"
(cd names && expect 1 --weights "$weights" --json --save uncertainty --out made --csv t.csv -- *.png && cp out err ..)
python3 - <<'P' || failed "names are not handled"
import csv, json
d = json.loads(open("out", encoding="utf-8").read())
assert [i["status"] for i in d["images"]].count("failed") == 1, d["summary"]
[bad] = [i["error"] for i in d["images"] if i["status"] == "failed"]
assert bad.endswith("File name too long") and "nnn" in bad, bad
rows = list(csv.reader(open("names/t.csv", newline="", encoding="utf-8")))
assert len(rows) == 4 and not any(c[:1] in "=+-@" and c[:1] for r in rows for c in r), rows
P
grep -q $'\e' out err && failed "an escape reached the terminal"
(cd names && "$program" --weights "$weights" $'\e[31mred.png' >../out 2>&1)
grep -q $'\e' out && failed "an escape reached the terminal"

# What the weights say of their pictures is kept to.
python3 - "$weights" other.safetensors <<'P'
import json, struct, sys
b = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", b[:8])[0]
h = json.loads(b[8:8 + n])
h["__metadata__"]["uml.input"] = '{"channels": "rgb"}'
t = json.dumps(h).encode()
t += b" " * (-len(t) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(t)) + t + b[8 + n:])
P
expect 3 --weights other.safetensors patient-2
passed
