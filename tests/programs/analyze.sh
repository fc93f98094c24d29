#!/usr/bin/env bash
# uml-analyze as its users run it: analyze.sh PROGRAM SOURCE_DIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"

# Wrong usage: 2, a sentence on standard error, nothing on standard output.
refused() { # STATUS WORDS ARGUMENT...
    local status=$1 words=$2
    shift 2
    expect "$status" "$@"
    [ ! -s out ] || failed "$*: wrote on standard output"
    grep -q -- "$words" err || failed "$*: no word of '$words' but: $(cat err)"
}
refused 2 "no picture" --weights "$weights"
refused 2 "weights is missing" "$sample"
refused 2 "unknown option --what" --what --weights "$weights" "$sample"
refused 2 "not in this build, which has cpu" --weights "$weights" --backend abacus "$sample"
refused 2 "not in this build, which has cpu" --weights "$weights" --precision f7 "$sample"
refused 2 "not 'overlays'" --weights "$weights" --save overlays "$sample"
refused 2 "whole number" --weights "$weights" --threads 0 "$sample"
refused 2 "resume" --weights "$weights" --resume "$sample"
expect 0 --help
grep -q "^usage: uml-analyze" out || failed "--help does not help"
expect 0 --version

# Weights: 3.
refused 3 "none.safetensors" --weights none.safetensors "$sample"
head -c 1000 "$weights" >short.safetensors
refused 3 "short.safetensors" --weights short.safetensors "$sample"

# A folder with everything: a report, all pictures, a table.
expect 0 --weights "$weights" --out all --csv all.csv "$samples"
count=$(ls "$samples"/*.png | wc -l)
[ "$(ls all/*.png | wc -l)" -eq $((4 * count)) ] || failed "$(ls all | wc -l) files for $count images"
[ "$(wc -l <all.csv)" -eq $((count + 1)) ] || failed "the table has $(wc -l <all.csv) lines"
tr '\n' ' ' <out | grep -q "not a medical device" || failed "the report does not say what it is for"
for word in belief probability vacuity "mean vacuity" "reliable pixels"; do
    grep -q "$word" out || failed "the report lacks: $word"
done

# Bad images among good ones, any size, equal names, --json: one valid document, exit 1, the others are done.
mkdir -p a b in
cp "$sample" a/same.png
cp "$sample" b/same.png
printf 'no picture' >in/text.png
: >in/empty.jpg
head -c 3000 "$sample" >in/cut.png
expect 1 --weights "$weights" --json --out bad --save mask,overlay a/same.png in b/same.png nowhere.png a/../a/same.png
cp out document.json
python3 "$here/check_json.py" "$source_dir/docs/analyze-schema.json" document.json || failed "the document breaks its schema"
python3 - document.json <<'P' || failed "the document does not say what happened"
import json, sys
d = json.load(open(sys.argv[1]))
import re
# The same picture under two paths is one; its copy in another folder is another.
assert [i["status"] for i in d["images"]] == ["done", "failed", "failed", "failed", "done", "failed"], d["images"]
assert d["summary"]["done"] == 2 and d["summary"]["failed"] == 4, d["summary"]
names = [i["pictures"]["mask"] for i in d["images"] if i["status"] == "done"]
assert len(set(names)) == 2 and all(re.fullmatch(r"bad/same-[0-9a-f]{8}\.mask\.png", n) for n in names), names
P
[ "$(grep -c '^uml-analyze: ' err)" -eq 4 ] || failed "not every bad image is reported: $(cat err)"
[ "$(ls bad/*.png | wc -l)" -eq 4 ] || failed "the good images were not done: $(ls bad)"
[ "$(sha256sum bad/*.mask.png | cut -d' ' -f1 | sort -u | wc -l)" = 1 ] || failed "the same picture gave two masks"

# Masks have the image's own size; the same result with one thread and with two, from a closed standard input.
python3 "$here/make_pictures.py" odd
expect 0 --weights "$weights" --out odd-1 --show-unfamiliar --save mask --threads 1 odd <&-
expect 0 --weights "$weights" --out odd-2 --show-unfamiliar --save mask --threads 2 odd
python3 - <<'P' || failed "a mask has not its image's size, or is no sound PNG"
import pathlib, struct, zlib
def chunks(file):
    data, at = pathlib.Path(file).read_bytes(), 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body), (file, kind)
        yield kind, body
        at += 12 + length
for image in pathlib.Path("odd").glob("*.png"):
    made = dict(chunks(f"odd-1/{image.stem}.mask.png"))
    width, height = struct.unpack(">II", made[b"IHDR"][:8])
    assert made[b"IHDR"][:8] == dict(chunks(image))[b"IHDR"][:8], image
    lines = zlib.decompress(made[b"IDAT"])
    assert len(lines) == height * (width + 1) and max(lines) <= 1 and len(made[b"PLTE"]) == 6, image
P
for mask in odd-1/*; do cmp -s "$mask" "odd-2/$(basename "$mask")" || failed "threads change $mask"; done

# --resume: what exists is left alone, what is missing is made, a row that was cut off is written again.
before=$(stat -c '%n %Y %i' all/* | sort)
expect 0 --weights "$weights" --out all --csv all.csv --resume "$samples"
[ "$before" = "$(stat -c '%n %Y %i' all/* | sort)" ] || failed "--resume wrote again"
[ "$(grep -c 'skipped, its results exist' out)" -eq "$count" ] || failed "--resume skipped too little"
cp all.csv whole.csv
rm "all/$(basename "$sample" .png).overlay.png"
head -c -20 whole.csv >all.csv
expect 0 --weights "$weights" --out all --csv all.csv --resume "$samples"
[ "$before" != "$(stat -c '%n %Y %i' all/* | sort)" ] || failed "--resume did not complete"
[ -s "all/$(basename "$sample" .png).overlay.png" ] || failed "--resume left a picture out"
diff <(cut -d, -f1-17 whole.csv | sort) <(cut -d, -f1-17 all.csv | sort) || failed "--resume changed the table"
printf 'other,columns\n' >all.csv
refused 2 "other columns" --weights "$weights" --csv all.csv --resume "$samples"

# Results in the folder of the images are not taken for images.
cp -r "$samples" own
expect 0 --weights "$weights" --out own own
expect 0 --weights "$weights" --out own own
[ "$(ls own/*.png | wc -l)" -eq $((5 * count)) ] || failed "the program analysed its own pictures"

passed
