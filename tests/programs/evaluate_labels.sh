#!/usr/bin/env bash
# uml-evaluate on masks and tables of every kind: the same figures, or a refusal.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"
python3 "$here/make_cases.py" "$samples" cases || failed "make_cases.py"
figures() { # FOLDER
    expect 0 --weights "$weights" --data "$1" --json figures.json
    cat figures.json
}
refused() { # FOLDER WORDS
    expect 1 --weights "$weights" --data "$1"
    grep -q -- "$2" err || failed "$1: no word of '$2' but: $(cat err)"
}
right=$(figures cases/masks/8bit_0_255)
for folder in cases/masks/*; do
    case $folder in
        */refused*) refused "$folder" "masks/.*.png: " ;;
        */tiff*) [ "$right" = "$(figures "$folder")" ] || grep -q "TIFF, which this build does not read" err || failed "$folder" ;;
        *) [ "$right" = "$(figures "$folder")" ] || failed "$folder: other figures" ;;
    esac
done
for folder in cases/labels/right-*; do
    [ "$right" = "$(figures "$folder")" ] || failed "$folder: other figures"
done
refused cases/labels/wrong-renumbered "line 2: id 'glioma-2009': label 0 is 'meningioma' in this network, but the name is 'glioma'"
refused cases/labels/wrong-unknown-name "name 'lymphoma' is no class of this network"
refused cases/labels/wrong-quote "line 2: a quote is opened and never closed"
refused cases/labels/wrong-latin "labels.csv: byte 30 is not UTF-8"
refused cases/labels/wrong-returns "line 1: a carriage return alone; lines end with LF or CRLF"
refused cases/labels/wrong-number "is not a class of this network (0 to 2)"
refused cases/labels/wrong-fields "line 3: 4 fields, but the header has 3"
expect 0 --weights "$weights" --data cases/labels/fewer-rows
grep -q "no row for them: pituitary-1163.png" err || failed "an image without a row is not mentioned: $(cat err)"

# Endings in any case; what is written, and where.
cp -r cases/masks/8bit_0_1 data
for image in data/images/*; do mv "$image" "${image%.png}.PNG"; done
[ "$right" = "$(figures data)" ] || failed ".PNG: other figures"
for output in data/labels.csv data/images/glioma-2009.PNG data/masks/glioma-2009.png; do
    sum=$(sha256sum <$output)
    expect 1 --weights "$weights" --data data --json $output
    [ "$sum" = "$(sha256sum <$output)" ] || failed "$output was overwritten"
done
expect 0 --weights "$weights" --data data --json /dev/stdout
grep -q '"n": 3' out && grep -q '^3 images' out || failed "not all of it on /dev/stdout: $(cat out)"
expect 1 --weights "$weights" --data data --json /dev/full
status=0
"$program" --weights "$weights" --data data >/dev/full 2>err || status=$?
[ $status = 1 ] || failed "a full standard output: $status"
"$program" --weights "$weights" --data data --json never.json --noise 0.1 >/dev/null 2>&1 & pid=$!
sleep 0.2
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status = 143 ] && [ ! -e never.json ] || failed "SIGTERM: $status, $(ls)"
cp -r cases/masks/8bit_0_1 twins
cp twins/masks/glioma-2009.png twins/masks/glioma-2009.tif
refused twins "several masks/glioma-2009.png, .tif or .tiff"
cp data/images/glioma-2009.PNG data/images/glioma-2009.jpg
refused data "several images/glioma-2009 with different endings"

# More than anybody's table: refused before it is read.
truncate -s 65M data/labels.csv
refused data "labels.csv: has 68157440 bytes"
passed
