#!/usr/bin/env bash
# uml-evaluate as its users run it: evaluate.sh PROGRAM SOURCE_DIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"

# The samples as a labelled folder.
mkdir -p data/val/images data/val/masks
cp "$samples"/*.png data/val/images
cp "$samples"/masks/*.png data/val/masks
echo id,label,name,more >data/val/labels.csv
for image in "$samples"/*.png; do
    id=$(basename "$image" .png)
    case $id in meningioma*) label=0 ;; glioma*) label=1 ;; *) label=2 ;; esac
    echo "$id,$label,${id%-*},x" >>data/val/labels.csv
done

expect 0 --weights "$weights" --data data --split val --json clean.json --plots plots --noise 0.1
cp clean.json noisy.json
for plot in reliability risk-coverage roc dice; do
    python3 -c "import sys, xml.dom.minidom as x; x.parse(sys.argv[1])" plots/$plot.svg || failed "$plot.svg is no SVG"
done
python3 - noisy.json "$samples" <<'P' || failed "the figures are not what they should be"
import json, pathlib, sys
d = json.load(open(sys.argv[1]))
assert d["n"] == len(list(pathlib.Path(sys.argv[2]).glob("*.png"))), d["n"]
names = ["accuracy", "f1_weighted", "auc", "dice", "assd", "hd95", "ece", "brier", "aurc", "risk_at_80", "auroc_error",
         "ause", "coverage_90"]
noise = d["noise"]
assert list(d) == ["n", "metrics", "ci95", "noise"] and noise["sigma"] == 0.1, list(d)
assert noise["metrics"] != d["metrics"], "noise changes nothing"
for part in (d, noise):
    assert list(part["metrics"]) == names and list(part["ci95"]) == names
    for name, value in part["metrics"].items():
        low, high = part["ci95"][name]
        assert value is None or 0 <= value, (name, value)
        assert low is None or low <= high, (name, low, high)
    for name in ("accuracy", "dice", "ece", "aurc"):
        assert 0 <= part["metrics"][name] <= 1, name
P

# The same figures again, from the folder itself, without noise, on one thread.
expect 0 --weights "$weights" --data data/val --json again.json --threads 1
python3 - <<'P' || failed "two runs differ"
import json
a, b = json.load(open("clean.json")), json.load(open("again.json"))
assert a["metrics"] == b["metrics"] and a["ci95"] == b["ci95"] and b["noise"] == {}
P

# More figures, a row an image, by patient: the document is the same but for "more", the table says the same as it.
sed -i '1s/more/patient/; 2,$s/,x$/,p1/; 3s/,p1$/,p2/; 6s/,p1$/,p2/' data/val/labels.csv
expect 0 --weights "$weights" --data data/val --json more.json --per-image images.csv --group patient --spacing 0.5
python3 - <<'P' || failed "more figures are not what they should be"
import csv, json
a, b = json.load(open("clean.json")), json.load(open("more.json"))
more = b.pop("more")
assert list(a) == list(b) and a["metrics"] == b["metrics"] and a["ci95"] != b["ci95"]
assert more["unit"] == "mm" and more["spacing"] == 0.5 and more["tolerance"] == 2 and more["groups"] == 2, more
assert list(more["metrics"]) == list(more["ci95"])
rows = list(csv.DictReader(open("images.csv")))
assert len(rows) == len(more["images"]) == b["n"] and {r["group"] for r in rows} == {"p1", "p2"}
for row, image in zip(rows, more["images"]):
    assert (row["id"], row["class"], row["verdict"], row["group"]) == (image["id"], image["class"], image["verdict"], image["group"])
    for name, value in image["regions"]["tumour"].items():
        text = row["tumour " + name.replace("lesions_", "lesions ")]
        assert (text == "" and value is None) or abs(float(text) - value) < 1e-6, name
    assert image["class_set"] == [image["class"]], "a set without calibration"
mean = lambda name: sum(float(r[name]) for r in rows if r[name]) / sum(1 for r in rows if r[name])
assert abs(mean("tumour dice") - b["metrics"]["dice"]) < 1e-6
assert abs(mean("tumour assd") - 0.5 * b["metrics"]["assd"]) < 1e-5
assert abs(mean("tumour hd95") - 0.5 * b["metrics"]["hd95"]) < 1e-5
right = sum(r["right"] == "yes" for r in rows)
assert more["exact"]["accuracy"]["count"] == right and more["metrics"]["set_coverage"] == right / len(rows)
low, high = more["exact"]["accuracy"]["ci95"]
assert low < right / len(rows) <= high
P
expect 1 --weights "$weights" --data data/val --group ward
grep -q "no column ward" err || failed "a column that is not there"
for spacing in 0 0.0000009 1e-320 0x10; do
    expect 2 --weights "$weights" --data data/val --spacing $spacing
    grep -q -e "^uml-evaluate: --spacing" err || failed "--spacing $spacing: $(cat err)"
done
expect 2 --weights "$weights" --data data/val --per-image ""

# Perfect masks: the network's own ones as the truth give a Dice of 1 and no distance.
analyze=$(dirname "$program")/uml-analyze
if [ -x "$analyze" ]; then
    "$analyze" --weights "$weights" --out own --save mask "$samples" >/dev/null 2>&1
    cp -r data/val perfect
    for mask in own/*.mask.png; do cp "$mask" "perfect/masks/$(basename "$mask" .mask.png).png"; done
    expect 0 --weights "$weights" --data perfect --json perfect.json
    python3 - <<'P' || failed "masks are not at the images' own pixels"
import json
m = json.load(open("perfect.json"))["metrics"]
assert m["dice"] == 1 and not m["assd"] and not m["hd95"] and m["ause"] is None, m
P
fi

# What is wrong with the data is said before the network runs.
complains() { # WORDS
    expect 1 --weights "$weights" --data broken
    grep -q -- "$1" err || failed "no word of '$1' but: $(cat err)"
    rm -rf broken
    cp -r data/val broken
}
cp -r data/val broken
sed -i '2s/,[012],/,3,/' broken/labels.csv
complains "label '3' is not a class"
sed -i '3s/.*/&\n&/' broken/labels.csv
complains "appears twice"
rm broken/masks/glioma-2009.png
complains "no masks/glioma-2009.png"
rm broken/images/glioma-2009.png
complains "no images/glioma-2009"
sed -i '1s/label/lable/' broken/labels.csv
complains "no column label"
head -1 data/val/labels.csv >broken/labels.csv
complains "no cases"
cp "$samples/README.md" broken/images/glioma-2009.png
complains "neither PNG nor JPEG"
expect 1 --weights "$weights" --data data
grep -q -- "--split val is there" err || failed "no hint at the split"
expect 2 --weights "$weights"
expect 2 --data data/val
expect 2 --weights "$weights" --data data/val --noise loud
expect 2 --weights "$weights" --data data/val --backend abacus
expect 3 --weights none --data data/val
expect 0 --help

passed
