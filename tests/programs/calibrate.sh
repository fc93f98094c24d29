#!/usr/bin/env bash
# uml-calibrate as its users run it: calibrate.sh PROGRAM SOURCE_DIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"

# The samples as a labelled folder: COPIES of each, all of one patient.
folder() { # NAME COPIES
    mkdir -p "$1/images" "$1/masks"
    echo id,label,name,patient >"$1/labels.csv"
    local image id label i
    for image in "$samples"/*.png; do
        id=$(basename "$image" .png)
        case $id in meningioma*) label=0 ;; glioma*) label=1 ;; *) label=2 ;; esac
        for ((i = 0; i < $2; ++i)); do
            ln "$image" "$1/images/$id-$i.png" 2>/dev/null || cp "$image" "$1/images/$id-$i.png"
            ln "$samples/masks/$id.png" "$1/masks/$id-$i.png" 2>/dev/null || cp "$samples/masks/$id.png" "$1/masks/$id-$i.png"
            echo "$id-$i,$label,${id%-*},$id" >>"$1/labels.csv"
        done
    done
}
folder data/few 1
folder data/other 4
folder data/many 20
metadata() { # FILE KEY: its value
    python3 - "$1" "$2" <<'P'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
print(json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"].get(sys.argv[2], "absent"))
P
}

# Six pictures prove nothing: nothing is accepted, and every class is possible.
expect 0 --weights "$weights" --data data --split few --out few.safetensors --threads 2
expect 0 --weights "$weights" --data data --split few --out again.safetensors --threads 1
cmp -s few.safetensors again.safetensors || failed "two runs differ"
grep -q "accepted        nothing: calibration: no threshold can be shown" out || failed "six pictures proved something"
[ "$(metadata few.safetensors uml.temperature)" = 1 ] || failed "a temperature from six pictures"
metadata few.safetensors uml.screening | grep -q '"image_vacuity":0,' || failed "a limit from six pictures"
metadata few.safetensors uml.class_set | grep -q '"thresholds":\[null\]' || failed "class sets from six pictures"

# 120 pictures of as many patients do; the copy differs in nothing but these keys.
expect 0 --weights "$weights" --data data --split many --out many.safetensors --risk 0.1 --confidence 0.9
cp out report
python3 - "$weights" many.safetensors <<'P' || failed "the copy is not what it should be"
import json, struct, sys
def parts(name):
    data = open(name, "rb").read()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:end])
    metadata = header.pop("__metadata__")
    return metadata, {k: (v["dtype"], v["shape"], data[end + v["data_offsets"][0]:end + v["data_offsets"][1]]) for k, v in header.items()}
(before, tensors), (after, copied) = parts(sys.argv[1]), parts(sys.argv[2])
assert tensors == copied, "tensors"
new = {"uml.temperature", "uml.screening", "uml.class_set", "uml.mask_set", "uml.calibration"}
assert {k: v for k, v in before.items() if k not in new} == {k: v for k, v in after.items() if k not in new}
said = {k: json.loads(after[k]) for k in new}
how = said["uml.calibration"]
assert how["images"] == how["units"] == 120 and how["fitted_on"] == 24 and how["sets_on"] == how["drawn"] == 96, how
assert how["accepted"]["of"] == 96 and how["accepted"]["wrong"] / how["accepted"]["count"] <= how["risk"] == 0.1, how
assert 0 < said["uml.screening"]["image_vacuity"] <= 1
assert abs(said["uml.screening"]["pixel_vacuity"] - json.loads(before["uml.screening"])["pixel_vacuity"]) < 1e-7
assert 0.01 <= said["uml.temperature"] <= 100
assert said["uml.class_set"]["coverage"] == 0.9 and 0 <= said["uml.class_set"]["thresholds"][0] <= 1
assert 0 < said["uml.mask_set"]["threshold"] < 1 and abs(said["uml.mask_set"]["miss"] - 0.1) < 1e-12
P
grep -q "With 90 % confidence at most" report || failed "the report does not say what is promised"

# By patient: six of them prove nothing, however many pictures there are of each.
expect 0 --weights "$weights" --data data/other --group patient --out grouped.safetensors --score aps --by-class
grep -q "of 6 patients" out || failed "patients are not counted"
grep -q "accepted        nothing" out || failed "copies of six patients' pictures proved something"
metadata grouped.safetensors uml.class_set | grep -q '"score":"aps".*"thresholds":\[null,null,null\]' || failed "class sets by class"

# Another folder for the temperature; raps.
expect 0 --weights "$weights" --data data --split few --fit other --score raps --coverage 0.5 --out fit.safetensors
grep -q "fitted on 24 images" out || failed "--fit is not used"
metadata fit.safetensors uml.class_set | grep -q '"penalty":0.1,"free_ranks":1' || failed "raps keeps no penalty"

# uml-analyze says the sets; the document fits its schema; the mask set is wider than the mask.
analyze=$(dirname "$program")/uml-analyze
if [ -x "$analyze" ]; then
    for file in few many; do
        "$analyze" --weights $file.safetensors --json --out $file --save mask,set --csv $file.csv "$samples" >$file.json 2>err ||
            failed "uml-analyze: $(cat err)"
        python3 "$here/check_json.py" "$source_dir/docs/analyze-schema.json" $file.json || failed "$file breaks the schema"
        "$analyze" --weights $file.safetensors "$samples" >$file.txt 2>err
    done
    grep -q "meningioma, glioma or pituitary: refer to a human" few.txt || failed "the report does not say the set"
    python3 - <<'P' || failed "sets and verdicts are not what they should be"
import csv, json
few, many = json.load(open("few.json")), json.load(open("many.json"))
for i in few["images"]:
    d = i["diagnosis"]
    assert d["class_set"] == few["model"]["classes"] and d["verdict"] == "uncertain" and not d["accepted"], d
    assert 0 < d["familiarity"] < 1 and d["kind"] == "familiar" and i["pixels"]["mask_set_share"] == 1, i["pixels"]
assert many["model"]["promises"]["class_coverage"] == 0.9 and many["model"]["promises"]["temperature"] != 1
assert any(i["diagnosis"]["accepted"] for i in many["images"])
assert all(0 < i["pixels"]["mask_set_share"] < 1 for i in many["images"])
row = list(csv.DictReader(open("few.csv")))[0]
assert row["verdict"] == "uncertain" and row["class_set"] == "meningioma|glioma|pituitary" and 0 < float(row["familiarity"]) < 1 and row["kind"] == "familiar", row
P

    # Kinds: a file without statistics says that it does not check, one that uml-calibrate made knows its own, and the
    # self-check is told.
    python3 - "$weights" bare.safetensors <<'P'
import json, struct, sys, zlib
data = open(sys.argv[1], "rb").read()
end = 8 + struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:end])
del header["__metadata__"]["uml.familiarity"]
body, kept = b"", {"__metadata__": header.pop("__metadata__")}
for name, t in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    if name.startswith("uml.familiarity"): continue
    begin = len(body)
    body += data[end + t["data_offsets"][0]:end + t["data_offsets"][1]]
    kept[name] = t | {"data_offsets": [begin, len(body)]}
text = json.dumps(kept).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + body)
chunk = lambda kind, content: struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
rows = b"".join(b"\0" + bytes(range(256)) for _ in range(256))
open("gradient.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 256, 256, 8, 0, 0, 0, 0))
                                 + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
P
    expect 1 --weights bare.safetensors --data data --kind-fit other --split few --only-kind --out kind.safetensors
    grep -q "too few patients" err || failed "six pictures set a limit that three in a hundred go beyond"
    expect 0 --weights bare.safetensors --data data --kind-fit other --split few --only-kind --refused 0.3 --out kind.safetensors
    grep -q "fitted on 24 pictures" out || failed "no word of the kind"
    metadata kind.safetensors uml.familiarity | grep -q '"self_check":' || failed "the self-check is not told"
    [ "$(metadata kind.safetensors uml.screening)" = "$(metadata "$weights" uml.screening)" ] || failed "--only-kind changed more"
    for call in bare kind "kind --kind-check off" "kind --show-unfamiliar"; do
        more=${call#* }
        [ "$more" = "$call" ] && more=
        "$analyze" --weights "${call%% *}.safetensors" $more --json --csv "$call.csv" --save overlay,mask --out "$call" "$sample" gradient.png \
            >"$call.json" 2>err ||
            failed "uml-analyze $call: $(cat err)"
        python3 "$here/check_json.py" "$source_dir/docs/analyze-schema.json" "$call.json" || failed "$call breaks the schema"
    done
    "$analyze" --weights bare.safetensors gradient.png >bare.txt 2>err
    grep -q "kind of picture not checked, " bare.txt || failed "an answer that does not say that its kind was not checked"
    "$analyze" --weights kind.safetensors --resume --save overlay,mask --out kind gradient.png >again.txt 2>err
    grep -q "skipped" again.txt || failed "a picture whose mask was withheld is made again"
    python3 - <<'P' || failed "kinds and verdicts are not what they should be"
import csv, json, os
for name, kinds, withheld in (("bare", {"not checked"}, False), ("kind", {"familiar", "unfamiliar", "unusual"}, True),
                              ("kind --kind-check off", {"not checked"}, False), ("kind --show-unfamiliar", {"familiar", "unfamiliar", "unusual"}, False)):
    gradient = json.load(open(name + ".json"))["images"][1]
    d, row = gradient["diagnosis"], list(csv.DictReader(open(name + ".csv")))[1]
    assert d["kind"] in kinds and d["withheld"] == withheld and row["kind"] == d["kind"], (name, d)
    assert (d["verdict"] == "unfamiliar") == ("unfamiliar" in kinds) and row["verdict"] == d["verdict"], (name, d)
    assert (row["familiarity"] == "not checked") == (kinds == {"not checked"}), row
    assert (row["class"] == "" and row["class_set"] == "" and row["pixels tumour"] == "") == withheld, row
    assert os.path.exists(name + "/gradient.mask.png") != withheld and os.path.exists(name + "/gradient.overlay.png"), name
P
    "$analyze" --weights "$weights" --kind-check maybe "$sample" >/dev/null 2>err && failed "--kind-check maybe"
    grep -q "on or off" err || failed "no word of what --kind-check takes"
    "$analyze" --weights "$weights" --out x --save set "$sample" >/dev/null 2>err && failed "a set without calibration"
    grep -q "uml-calibrate makes one" err || failed "no word of what makes sets"
fi

# Wrong usage, data, weights.
refused() { # STATUS WORDS ARGUMENT...
    local status=$1 words=$2
    shift 2
    expect "$status" "$@"
    grep -q -- "$words" err || failed "$*: no word of '$words' but: $(cat err)"
}
refused 2 "--out is missing" --weights "$weights" --data data/few
refused 2 "--data is missing" --weights "$weights" --out x
refused 2 "above 0 and below 1" --weights "$weights" --data data/few --out x --risk 1
refused 2 "knows lac, aps and raps" --weights "$weights" --data data/few --out x --score best
refused 2 "promises nothing" --weights "$weights" --data data --split few --fit few --out x
refused 2 "needs --kind-fit" --weights "$weights" --data data --split few --only-kind --out x
refused 2 "set on others than it is fitted on" --weights "$weights" --data data --split few --kind-fit few --out x
refused 2 "cannot be written" --weights "$weights" --data data/few --out none/x
refused 1 "no column ward" --weights "$weights" --data data/few --group ward --out x
refused 1 "no labels.csv" --weights "$weights" --data data --out x
sed -i '3s/,[^,]*$/,/' data/few/labels.csv
refused 1 "nothing in column patient" --weights "$weights" --data data/few --group patient --out x
refused 3 "none" --weights none --data data/few --out x
[ ! -e x ] || failed "a file after a failure"
expect 0 --help
for call in --help "--weights $weights --data data/few --out again.safetensors"; do
    status=0
    "$program" $call >/dev/full 2>err || status=$?
    [ $status = 1 ] && grep -q "standard output cannot be written" err || failed "a full standard output: $status, $(cat err)"
done

# Its inputs are never overwritten, pipes are no weights, names do not command the terminal.
cp "$weights" own.safetensors
for output in own.safetensors data/other/labels.csv data/other/images/glioma-2009-0.png; do
    sum=$(sha256sum <"$output")
    refused 2 "an input of this program" --weights own.safetensors --data data/other --out "$output"
    [ "$sum" = "$(sha256sum <"$output")" ] || failed "$output was overwritten"
done
refused 3 'none[?][[]31m' --weights $'none\e[31m' --data data/other --out x
grep -q $'\e' err && failed "an escape reached the terminal"
mkfifo pipe
refused 3 "not a file" --weights pipe --data data/other --out x

# Weights that are replaced while it runs: no promises of the one in the file of the other.
"$program" --weights own.safetensors --data data/many --out x --threads 1 >/dev/null 2>err & pid=$!
sleep 0.3
cp many.safetensors new.safetensors && mv new.safetensors own.safetensors
status=0
wait $pid || status=$?
[ $status = 3 ] && grep -q "changed in the meantime" err || failed "other weights: $status, $(cat err)"
[ ! -e x ] || failed "a file after a failure"

passed
