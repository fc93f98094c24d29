#!/usr/bin/env bash
# Memory that runs out, at UML_REFUSALS moments (12 of uml-analyze, 4 of the others) of every program, spread over all its
# allocations: a sentence and an exit status, no half-written file, and --resume ends as if nothing had been.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"
programs=$(dirname "$program")
refuse=$programs/../tests/libuml-refuse.so
[ -e "$refuse" ] || { echo "skipped: needs $refuse" && exit 77; }
mkdir -p data/images data/masks
echo id,label,name >data/labels.csv
for image in "$samples"/glioma-2*.png; do
    cp "$image" data/images
    cp "$samples/masks/$(basename "$image")" data/masks
    echo "$(basename "$image" .png),1,glioma" >>data/labels.csv
done

# share N STEP NAME ALL COMMAND...: the command with its k-th allocation refused, once and for good, for every STEP-th k from N
# on, in a folder of its own.
share() {
    local k=$1 step=$2 name=$3 all=$4 status how
    mkdir -p "share-$k" && cd "share-$k" && ln -sfn ../data data || exit 1
    shift 4
    for (( ; k <= all; k += step)); do
        for how in UML_REFUSE_ALL UML_REFUSE_ONCE; do
            status=0
            env UML_REFUSE=$k $how=1 LD_PRELOAD="$refuse" timeout 60 "$@" >/dev/null 2>err || status=$?
            [ $status -le 3 ] || failed "$name: allocation $k of $all ($how): exit status $status"
            [ $status -eq 0 ] || [ -s err ] || failed "$name: allocation $k of $all ($how): no sentence"
            [ -z "$(find . -name '*.part*')" ] || failed "$name: allocation $k of $all ($how) leaves $(find . -name '*.part*')"
        done
    done
    exit $((faults > 0))
}
# refused NAME COMMAND...: for k spread by a seed over all allocations, on all processors.
refused() {
    local name=$1 all step offset n pids=()
    shift
    UML_ALLOCATIONS=count LD_PRELOAD=$refuse "$@" >/dev/null 2>err || failed "$name: $(head -c 300 err)"
    all=$(cat count)
    step=$((all / ${UML_REFUSALS:-12} + 1))
    offset=$((${SEED:-1} * 7919 % step))
    for ((n = 0; n < $(nproc); ++n)); do
        (share $((1 + offset + n * step)) $((step * $(nproc))) "$name" "$all" "$@") &
        pids+=($!)
    done
    for n in "${pids[@]}"; do wait "$n" || faults=$((faults + 1)); done
    echo "$name: one in $step of $all allocations refused"
}
batch() { "$program" --weights "$weights" --threads 2 --save mask,overlay --out "$1" --csv "$1.csv" --resume data/images; }
batch undisturbed >/dev/null || failed "the batch itself"
refused uml-analyze "$program" --weights "$weights" --threads 2 --save mask,overlay --out tried --csv tried.csv data/images
# What the failures leave is gone on with, and ends the same.
env UML_REFUSE="$(($(cat count) / 2))" UML_REFUSE_ALL=1 LD_PRELOAD="$refuse" "$program" --weights "$weights" --threads 2 \
    --save mask,overlay --out half --csv half.csv --resume data/images >/dev/null 2>err && failed "half of the memory is enough"
batch half >/dev/null || failed "--resume"
diff <(cd undisturbed && sha256sum ./*.png) <(cd half && sha256sum ./*.png) || failed "half: other pictures"
diff <(cut -d, -f1-17 undisturbed.csv) <(cut -d, -f1-17 half.csv) || failed "half: another table"

# A limit on memory and many threads, whose stacks count: from too little for the weights to enough.
limited() { # KILOBYTES COMMAND...
    (ulimit -v "$1" && shift && exec "$@") >/dev/null 2>err
}
for call in "uml-analyze --save mask --out little data/images" "uml-evaluate --data data --json little.json" \
    "uml-calibrate --data data --out little.safetensors"; do
    [ -x "$programs/${call%% *}" ] || continue
    for kilobytes in 60000 100000 150000 200000 250000 300000 350000; do
        status=0
        limited $kilobytes "$programs"/$call --weights "$weights" --threads 16 || status=$?
        if [ $status -ne 0 ]; then
            [ $status -le 3 ] && grep -qE "^uml-[a-z]*: .*no memory" err || failed "$call with $kilobytes KB: $status, $(cat err)"
        fi
        [ -z "$(find . -name '*.part*')" ] || failed "$call with $kilobytes KB leaves $(find . -name '*.part*')"
    done
done

UML_REFUSALS=${UML_REFUSALS:-4}
[ ! -x "$programs/uml-evaluate" ] || refused uml-evaluate "$programs/uml-evaluate" --weights "$weights" --data data --json e.json --plots e
[ ! -x "$programs/uml-calibrate" ] || refused uml-calibrate "$programs/uml-calibrate" --weights "$weights" --data data --out c.safetensors
passed
