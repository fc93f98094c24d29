"""What `uml-train fit` finds out and asks for before it trains: one list of everything, nothing written."""

import numpy as np
import pytest
from PIL import Image
from test_masks import grey_png

from uml_training import checks, cli, data, faults, fit
from uml_training.layouts import read_splits, region_names

FIT = ["--network", "edge", "--size", "32", "--channels", "1", "--divisor", "16", "--threads", "1"]


def prepared(tiny, *more):
    args = cli.parser().parse_args(["fit", "--data", str(tiny), "--out", str(tiny.parent / "run"), *FIT, *more])
    return fit.prepare(args)


def refused(tiny, *more):
    with pytest.raises(data.DataError) as told:
        prepared(tiny, *more)
    assert not (tiny.parent / "run").exists()
    return str(told.value)


def mask(tiny, name, values):
    """Stripes of these values as a mask of one case of train."""
    stripes = np.repeat(np.array(values, np.uint8), -(-40 // len(values)))[:40]
    Image.fromarray(np.tile(stripes, (40, 1))).save(tiny / f"train/masks/{name}.png")


def relabel(tiny, name, label, called=None, split="train"):
    path = tiny / split / "labels.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()]
    for row in rows:
        if row[0] == name:
            row[1:] = [str(label), called or row[2]]
    path.write_text("\n".join(map(",".join, rows)) + "\n")


def test_found_from_the_data_and_said(tiny):
    ready = prepared(tiny)
    assert (ready.run.config.regions, ready.run.config.classes) == (2, 3)
    assert ready.dataset.said().endswith("tiny: 12 train, 6 val, 6 test; 3 classes (low, middle, high), 2 regions")
    mask(tiny, "train3", [0, 1, 2])
    for other in set(read_splits(tiny)["train"].cases) | set(read_splits(tiny)["val"].cases) | set(
            read_splits(tiny)["test"].cases):
        if other.id != "train3":
            grey = np.asarray(Image.open(other.mask).convert("L"))
            Image.fromarray((grey > 0).astype(np.uint8)).save(other.mask)
    assert prepared(tiny).run.config.regions == 3
    (tiny / "train/regions.txt").write_text("background\nrim\n\ncup\nrest\n")
    ready = prepared(tiny)
    assert ready.run.config.regions == 4 and ready.dataset.region_names == ["background", "rim", "cup", "rest"]
    assert ready.dataset.said().endswith("4 regions (background, rim, cup, rest)")


def test_a_forgotten_number_of_regions(tiny):
    """Masks with 2 where two regions are asked for: until now everything above 0 vanished, file by file."""
    mask(tiny, "train3", [0, 1, 2])
    told = refused(tiny, "--regions", "2")
    assert ("train3.png: mask has values other than 0 to 1, or 0 and 255 throughout "
            "(the largest is 2: for 3 regions say --regions 3)") in told


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_black_and_white_of_any_depth_are_two_regions(tiny, bits):
    square = np.zeros((40, 40), int)
    square[8:20, 8:20] = (1 << bits) - 1
    grey_png(tiny / "train/masks/train3.png", square, bits)
    assert prepared(tiny).run.config.regions == 2


def test_numbers_left_out_make_no_regions(tiny):
    mask(tiny, "train3", [0, 5])
    assert ("masks hold the values 0, 1, 5, with numbers left out: if 5 is a region's number, say --regions 6") in \
        refused(tiny)
    assert prepared(tiny, "--regions", "6").run.config.regions == 6


def test_greys_are_not_guessed_at(tiny):
    mask(tiny, "train3", [0, 90, 200])
    told = refused(tiny)
    assert "masks hold the values 0, 1, 90, 200: neither region numbers (0, 1, 2, ...) nor black and white" in told
    assert "train3.png: mask has values other than 0 to 1" in refused(tiny, "--regions", "2")


def test_regions_txt_with_a_byte_order_mark(tiny):
    (tiny / "regions.txt").write_text("background\ntumour\n", encoding="utf-8-sig")
    assert prepared(tiny).dataset.region_names == ["background", "tumour"]


@pytest.mark.parametrize("wrong, told", [
    (["--batch", "0"], "0: a whole number from 1 on"), (["--epochs", "-1"], "-1: a whole number from 1 on"),
    (["--threads", "0"], "0: a whole number from 1 on"), (["--lr", "0"], "0: a number above 0"),
    (["--lr", "nan"], "nan: a number from 0 on"), (["--warmup", "-1"], "-1: a number from 0 on"),
    (["--annealing", "nan"], "nan: a number from 0 on"), (["--annealing", "0"], "0: a number above 0"),
    (["--outliers", "nan"], "nan: a number from 0 on"), (["--divisor", "0"], "0: a whole number from 1 on"),
    (["--stem-stride", "0"], "0: a whole number from 1 on"), (["--device", "nope"], "nope: no device here"),
    (["--seed", "99999999999999999999"], "99999999999999999999: a whole number from 0 on"),
    (["--loss-weights", "1", "-1", "1"], "-1: a number from 0 on"),
    (["--clip", "-1"], "-1: a number from 0 on"), (["--decay-from", "inf"], "inf: a number from 0 on"),
    (["--noise", "-0.1"], "-0.1: a number from 0 on"),
    (["--size", "64", "32", "16"], "64 32 16: one number, or height and width")])
def test_numbers_that_cannot_be(wrong, told, capsys):
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["fit", "--data", "x", "--network", "edge", *wrong])
    assert f"argument {wrong[0]}: {told}" in capsys.readouterr().err


def test_regions_txt_against_the_option(tiny):
    (tiny / "regions.txt").write_text("background\ntumour\n")
    assert region_names(tiny) == ["background", "tumour"]
    assert "regions.txt names 2 regions (background, tumour), but --regions is 3" in refused(tiny, "--regions", "3")


def test_labels_do_not_make_classes(tiny):
    relabel(tiny, "train4", 7)
    told = "train has labels up to 7, but no case of 3, 4, 5, 6: is train4 really of class 7? If so, say --classes 8"
    assert told in refused(tiny)
    assert "train: train4 has label 7, but classes are 0 to 2" in refused(tiny, "--classes", "3")
    relabel(tiny, "train4", 1)
    relabel(tiny, "val1", 3, "odd", split="val")
    assert "val: val1 has label 3, but classes are 0 to 2" in refused(tiny)


def test_classes_that_train_lacks_keep_their_names_count(tiny):
    ready = prepared(tiny, "--classes", "4")
    assert ready.dataset.classes == ["low", "middle", "high", "3"]


def test_one_label_one_name(tiny):
    relabel(tiny, "train5", 2, "tall")
    assert "train5: label 2 is 'tall' here and 'high' elsewhere" in refused(tiny)


def test_all_kinds_of_faults_in_one_list(tiny):
    (tiny / "train/masks/train0.png").unlink()
    (tiny / "val/images/val1.png").write_bytes(b"no picture")
    (tiny / "test/images/test0.png").write_bytes((tiny / "train/images/train7.png").read_bytes())
    Image.new("1", (40, 39)).save(tiny / "val/masks/val2.png")
    mask(tiny, "train3", [0, 5])
    relabel(tiny, "train4", 9)
    told = refused(tiny, "--regions", "2", "--classes", "3", "--size", "30", "--loss-weights", "0", "0", "0",
                   "--start-from", "nowhere.pt")
    for sentence in ("line 2: no masks/train0.png", "val1.png: neither PNG nor JPEG nor TIFF",
                     "for 6 regions say --regions 6",
                     "1 pictures are in both train and test, for example train7 and test0",
                     "val2: image is 40x40, its mask 39x40 pixels", "train4 has label 9, but classes are 0 to 2",
                     "height and width must be multiples of 8", "weights are 0 or more", "nowhere.pt: no such file"):
        assert sentence in told, (sentence, told)


def test_many_of_a_kind_do_not_hide_others(tiny):
    for n in range(9):
        (tiny / f"train/masks/train{n}.png").unlink()
    (tiny / "val/images/val1.png").write_bytes(b"no picture")
    told = refused(tiny)
    assert told.count("no masks/train") == faults.MOST_OF_A_KIND and "and 4 more like this" in told
    assert "val1.png: neither PNG nor JPEG nor TIFF" in told


def test_a_network_of_a_wrong_name(tiny):
    assert "--network egde: one of release, paper, edge, classifier" in refused(tiny, "--network", "egde")
    assert "--network no.such:Net: No module named 'no'" in refused(tiny, "--network", "no.such:Net")
    assert "json has no class Net derived from uml_training.blocks.Network" in refused(tiny, "--network", "json:Net")


def test_nothing_but_faults(tiny):
    for split in ("train", "val", "test"):
        (tiny / split / "labels.csv").write_text("id,label,name\n")
    told = refused(tiny)
    assert "train/labels.csv: no cases" in told and "no case without a fault is left" in told


def test_train_and_val_are_needed(tiny):
    (tiny / "val/labels.csv").unlink()
    assert "training needs train and val, found train, test" in refused(tiny)


def test_storage_is_at_most_twice_the_networks_size(tiny):
    split = read_splits(tiny)["train"]
    assert checks.storage_size(split, (16, 32), 1) == (32, 40)


def test_names_without_a_network_of_names_and_labels_beyond_it():
    def told(classes, *cases):
        found = faults.Faults()
        split = data.Split(None, [data.Case(name, label, name, None, None) for label, name in cases])
        checks.check_names_against(split, classes, found)
        return sum(found.kinds.values(), [])
    assert told(["class 0", "class 1"], (0, "anything"), (1, "class 0")) == []
    assert told(["Low", "high"], (0, "LOW"), (1, ""), (1, "high")) == []
    assert told(["low", "high"], (2, "low")) == ["low: label 2 is no class of this network (0 to 1)"]
    assert told(["low", "high"], (1, "low")) == [
        "low: label 1 is 'high' in this network, but the name is 'low', its class 0"]


def test_no_name_commands_the_terminal(tmp_path, capsys):
    folder = tmp_path / "data\x1b[31m"
    folder.mkdir()
    (folder / "labels.csv").write_text("id,label,name\n\u202e\x9b,0,low\n")
    assert cli.main(["fit", "--data", str(folder), "--out", str(tmp_path / "run"), *FIT]) == 1
    said = capsys.readouterr().err
    assert "\\x1b[31m" in said and "\\u{202e}\\u{009b}" in said
    assert not {"\x1b", "\u202e", "\x9b"} & set(said)
    assert faults.printable("a\udcff\tb\nc\u200f\u00e9") == "a\\xff\\x09b\nc\\u{200f}\u00e9"
