#!/usr/bin/env bash
# uml-analyze on one slice in many forms: the same answer where they are the same picture, else a refusal.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"
python3 "$here/make_cases.py" "$samples" cases || failed "make_cases.py"
cd cases/pictures || exit 1

# A JPEG whose Huffman table overruns a decoder's, one of ten thousand scans, a JPEG on its side, TIFF, CMYK.
cp "$source_dir"/tests/fuzz/seeds/picture/table-overrun.jpg refused-table.jpg
cp "$source_dir"/tests/fuzz/seeds/picture/cmyk.jpg refused-cmyk.jpg
python3 - "$source_dir/tests/fuzz/seeds/picture/progressive.jpg" <<'P'
import sys
b = open(sys.argv[1], "rb").read()
open("refused-scans.jpg", "wb").write(b[:-2] + b[b.rindex(b"\xff\xda"):-2] * 10000 + b[-2:])
P

expect 1 --weights "$weights" --json --save mask --out all .
cp out all.json
python3 - <<'P' || failed "a form of the slice is not read as it should be"
import json, pathlib
images = {i["image"].removeprefix("./"): i for i in json.load(open("all.json"))["images"]}
plain, faults = images["plain.png"], []
for name, i in images.items():
    kind = name.split("-")[0]
    twin = images["black-grey.png"] if kind == "black" else plain
    wanted = "failed" if kind in ("refused", "levels") else "done"
    if i["status"] != wanted:
        faults.append(f"{name}: {i['status']}, {i.get('error')}")
    elif wanted == "done":
        if i["diagnosis"] != twin["diagnosis"] or i["regions"] != twin["regions"]:
            faults.append(f"{name}: another answer")
        if pathlib.Path(i["pictures"]["mask"]).read_bytes() != pathlib.Path(twin["pictures"]["mask"]).read_bytes():
            faults.append(f"{name}: another mask")
    elif not i["error"].startswith(f"./{name}: ") or len(i["error"]) < len(name) + 15:
        faults.append(f"{name}: no reason but {i['error']}")
assert len(images) > 20, len(images)
print("\n".join(faults))
raise SystemExit(bool(faults))
P
grep -q -- "--levels LOW HIGH" all.json || failed "nothing points to --levels"

# Levels give the answer of eight bits.
answer() { # FILE OPTION...
    local file=$1
    shift
    expect 0 --weights "$weights" --json "$@" "$file"
    python3 -c 'import json, sys; i = json.load(open("out"))["images"][0]; print(i["diagnosis"]["classes"], i["regions"])'
}
plain=$(answer plain.png)
[ "$plain" = "$(answer levels-12-bit.png --levels 0 4095)" ] || failed "12 bits and --levels 0 4095 is another picture"
[ "$plain" = "$(answer levels-12-bit.png --levels 8 4088)" ] || failed "12 bits and --levels 8 4088 is another picture"
[ "$plain" = "$(answer levels-offset.png --levels 32768 36848)" ] || failed "an offset and its levels is another picture"
[ "$plain" = "$(answer plain.png --levels 0 4095)" ] || failed "--levels changes a picture of eight bits"
for levels in "0 0" "5 4" "-1 9" "0 65536" "a b" "1 2x"; do
    # shellcheck disable=SC2086
    expect 2 --weights "$weights" --levels $levels plain.png
done

# JPEG: as a viewer shows it. Through PNG there is the same slice turned; here only that the size is upright.
expect 0 --weights "$weights" --json "$source_dir/tests/fuzz/seeds/picture/color.jpg"
grep -q '"height": 16' out || failed "a JPEG has lost its size"
"$program" --version | grep -q "pictures: PNG by .*, JPEG by .*, TIFF " || failed "--version does not say what reads pictures"
expect 0 --help
grep -q 33554432 out || failed "--help does not name the limits"

# A file of more bytes than are read.
cp plain.png large.png
truncate -s 129M large.png
expect 1 --weights "$weights" large.png
grep -q "large.png: has 135266304 bytes; more than 134217728 are not read" err || failed "129 MiB: $(cat err)"
if "$program" --version | grep -q "TIFF by libtiff"; then
    expect 0 --weights "$weights" "$source_dir"/tests/fuzz/seeds/picture/{plain,lzw,deep}.tif
    expect 1 --weights "$weights" levels-12-bit.tif
    grep -q "levels-12-bit.tif: 16 bits a sample, of which only values from .* --levels LOW HIGH" err ||
        failed "a TIFF of 12 bits in 16: $(cat err)"
    [ "$plain" = "$(answer levels-12-bit.tif --levels 0 4095)" ] || failed "a TIFF and its levels is another picture"
fi
passed
