#!/usr/bin/env bash
# Signals at every phase of uml-analyze, uml-evaluate and uml-calibrate: the exit status tells which, the way on is said, and
# nothing half-done stays.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$@"
programs=$(dirname "$program")
mkdir -p in data/images data/masks
cp "$sample" picture
cp "$samples/masks/$(basename "$sample")" mask
echo id,label,name >data/labels.csv
for i in $(seq 200); do
    [ "$i" -gt 60 ] || ln picture "in/$i.png"
    ln picture "data/images/$i.png"
    ln mask "data/masks/$i.png"
    echo "$i,1,glioma" >>data/labels.csv
done
declare -A number=([HUP]=1 [INT]=2 [TERM]=15)

# begin COMMAND...: in the background, where a script's programs ignore SIGINT.
begin() {
    : >out
    env --default-signal=INT,HUP "$@" >out 2>err & pid=$!
}
until_seen() { while kill -0 $pid 2>/dev/null && ! grep -q "$1" out; do sleep 0.02; done; }
# ended SIGNAL WORDS: sends it; the program ends with its number and says the words.
ended() {
    local status=0
    kill "-$1" $pid
    wait $pid || status=$?
    [ $status = $((128 + ${number[$1]})) ] || failed "SIG$1, '$2': exit status $status, $(cat err)"
    grep -q "$2" err || failed "SIG$1: no word of '$2' but: $(cat err)"
}

mkfifo pipe
for signal in HUP INT TERM; do
    # While it waits for somebody who reads the table, and while it works; then it goes on.
    begin "$program" --weights "$weights" --csv pipe in
    sleep 0.4
    ended $signal "stopped after 0 of 60 images"
    begin "$program" --weights "$weights" --threads 1 --save mask --out $signal --csv $signal.csv --resume in
    until_seen pixels
    ended $signal "stopped after [1-9][0-9]* of 60 images; the same command goes on"
    [ "$(ls $signal/*.png | wc -l)" = "$(sed 1d $signal.csv | wc -l)" ] || failed "SIG$signal: rows and pictures differ"
    [ -z "$(find . -name '*.part')" ] || failed "SIG$signal leaves $(find . -name '*.part')"
done
# Documents are whole too.
begin "$program" --weights "$weights" --threads 1 --json in
sleep 0.4
ended TERM "stopped after"
python3 -c 'import json; json.load(open("out"))' || failed "SIGTERM: no document"
expect 0 --weights "$weights" --save mask --out TERM --csv TERM.csv --resume in
[ "$(ls TERM/*.png | wc -l)" = 60 ] && [ "$(sed 1d TERM.csv | wc -l)" = 60 ] || failed "--resume after a signal"

# A second signal, of whatever kind, ends the program at once: the reference takes seconds for a picture.
for second in TERM INT; do
    begin "$program" --weights "$weights" --backend reference --precision f64 in
    sleep 0.5
    kill -TERM $pid
    sleep 0.1
    kill -$second $pid 2>/dev/null
    status=0
    wait $pid || status=$?
    [ $status = $((128 + ${number[$second]})) ] && ! grep -q stopped err || failed "a second signal, SIG$second: $status, $(cat err)"
done

# Who started it decides what it ignores.
env --ignore-signal=HUP "$program" --weights "$weights" --threads 1 in >out 2>err & pid=$!
sleep 0.1
kill -HUP $pid
wait $pid || failed "SIGHUP is not ignored: $(cat err)"

# Nobody reads any more: the end where nothing is written, else the results are finished.
"$program" --weights "$weights" --threads 1 in 2>err | head -n 1 >out
[ "${PIPESTATUS[0]}" = 1 ] && grep -q "standard output cannot be written; stopped after [1-9] of 60 images" err || failed "a reader that goes: $(cat err)"
"$program" --weights "$weights" --threads 1 --save mask --out unread in 2>err | head -n 1 >out
[ "${PIPESTATUS[0]}" = 1 ] && [ "$(ls unread/*.png | wc -l)" = 60 ] || failed "a reader that goes: $(ls unread) $(cat err)"

# Those that write at their end write nothing then.
interrupted() { # SIGNAL PROGRAM ARGUMENT...
    [ -x "$programs/$2" ] || return 0
    begin "$programs/$2" --weights "$weights" --threads 1 "${@:3}"
    sleep 0.4
    ended "$1" "nothing is written, the same command begins again"
    [ -z "$(ls -d made* plots 2>/dev/null)" ] || failed "$2: SIG$1 leaves $(ls)"
}
interrupted HUP uml-evaluate --data data --json made --plots plots --per-image made.csv --noise 0.1
interrupted TERM uml-calibrate --data data --out made
interrupted INT uml-calibrate --data . --kind-fit data --split . --only-kind --out made
passed
