"""Pictures, masks and tables give what they give the C++ programs: the cases are those of the programs' own tests."""

import importlib.util
import pathlib

import numpy as np
import pytest
from PIL import Image

from uml_training import checks, data, pictures, table
from uml_training.faults import DataError, Faults

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("make_cases", ROOT / "tests/programs/make_cases.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    out, samples = tmp_path_factory.mktemp("cases"), sorted((ROOT / "examples/samples").glob("*.png"))[::2]
    made.pictures(made.read_png(ROOT / "examples/samples/glioma-2009.png"), out / "pictures")
    for name, save in made.MASKS.items():
        made.labelled(samples, out / "masks" / name, save)
    for name, lines in made.LABELS.items():
        made.labelled(samples, out / "labels" / name, lines=lines)
    return out


def test_pictures_of_every_kind(cases):
    read = {path.stem: path for path in (cases / "pictures").glob("*.png")}
    plain = pictures.read_picture(read["plain"], "L")
    same = [name for name in read if name.startswith("same-")]
    assert len(same) == 8
    for name in same:
        assert np.array_equal(pictures.read_picture(read[name], "L"), plain), name
    assert np.array_equal(*(pictures.read_picture(read[f"black-{how}"], "RGB") for how in ("white", "grey")))
    refused = {"levels-12-bit": "16 bits a sample, of which only values from 8 to 4088 are used",
               "levels-offset": "16 bits a sample, of which only values from 32768",
               "refused-gamma": "a gamma of 100000 / 100000", "refused-wide": "40000 x 3 pixels; at most 32768",
               "refused-flip-1": "the checksum of chunk IDAT is wrong", "refused-flip-5": "the checksum of chunk IDAT",
               "refused-cut": "the file ends before its last chunk"}
    for name, sentence in refused.items():
        with pytest.raises(DataError, match=f"{name}.png: .*{sentence}"):
            pictures.read_picture(read[name], "L")


@pytest.mark.parametrize("suffix, options", [(".jpg", {"quality": 95}), (".tif", {}), (".png", {})])
def test_turned_as_exif_says(suffix, options, tmp_path):
    """What each orientation undoes, by Pillow's own reading of it."""
    upright = np.zeros((16, 24), np.uint8)
    upright[:8, :8], upright[8:, 16:] = 255, 128
    turns = {2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.T,
             6: lambda a: np.rot90(a), 7: lambda a: a[::-1, ::-1].T, 8: lambda a: np.rot90(a, -1)}
    for orientation, turn in turns.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = tmp_path / f"{orientation}{suffix}"
        Image.fromarray(np.ascontiguousarray(turn(upright))).save(path, exif=exif, **options)
        read = pictures.read_picture(path, "L")
        assert read.shape == upright.shape and np.abs(read.astype(int) - upright).max() < 12, orientation


def test_other_kinds(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    deep.save(tmp_path / "deep.tif")
    assert np.array_equal(pictures.read_picture(tmp_path / "deep.tif", "L"), grey)
    Image.fromarray(np.dstack([grey] * 4), "CMYK").save(tmp_path / "inks.jpg")
    Image.fromarray(grey.astype(np.float32)).save(tmp_path / "floats.tif")
    Image.fromarray(grey).save(tmp_path / "two.tif", save_all=True, append_images=[Image.fromarray(grey)])
    Image.fromarray(grey).save(tmp_path / "moves.png", save_all=True, append_images=[Image.fromarray(255 - grey)])
    for name, sentence in (("inks.jpg", "four inks"), ("floats.tif", "whole numbers of 8 or 16 bits; this one has 32"),
                           ("two.tif", "several pictures"), ("moves.png", "an animation")):
        with pytest.raises(DataError, match=sentence):
            pictures.read_picture(tmp_path / name, "L")


def test_masks_of_every_kind(cases):
    expected = None
    for folder in sorted((cases / "masks").iterdir()):
        split = data.read_split(folder, "", Faults())
        if folder.name.startswith("refused"):
            with pytest.raises(DataError):
                data.read_mask(split.cases[0], 2)
            continue
        masks = [data.read_mask(case, 2).tolist() for case in split.cases]
        expected = expected or masks
        assert masks == expected, folder.name
    assert len(expected) == 3


def test_labels_of_every_kind(cases):
    for folder in sorted((cases / "labels").iterdir()):
        faults = Faults()
        split = data.read_split(folder, "", faults)
        told = " ".join(text for texts in faults.kinds.values() for text in texts)
        checks.check_names([split], faults)
        wrong = {"wrong-quote": "labels.csv line 2: a quote is opened and never closed",
                 "wrong-latin": "labels.csv: byte 30 is not UTF-8",
                 "wrong-returns": "labels.csv line 1: a carriage return alone; lines end with LF or CRLF",
                 "wrong-number": " ".join(f"labels.csv line {line}: label '-{label}' is not a whole number from 0 on"
                                          for line, label in ((2, 1), (3, 0), (4, 2))),
                 "wrong-fields": "labels.csv line 3: 4 fields, but the header has 3"}.get(folder.name, "")
        assert told == wrong, folder.name
        assert len(split.cases) == (0 if wrong else 2 if folder.name == "fewer-rows" else 3), folder.name


@pytest.mark.parametrize("text, sentence", [
    ('a,b\n1,"x"y\n', "line 2: text behind a closing quote"),
    ('a,b\n\n1,x"y\n', "line 3: a quote inside a field that does not begin with one"),
    ('a,b\n"1\n2\n', "line 2: a quote is opened and never closed"),
    ("a,b\n1,x\0\n", "line 2: a zero byte; is it text in UTF-8?"),
    ('a,b\n1,"x\n\0"\n', "line 3: a zero byte; is it text in UTF-8?"),
    ("a,b\r1,2\r", "line 1: a carriage return alone; lines end with LF or CRLF"),
    ("a,b\n1,2\r3,4\n", "line 2: a carriage return alone; lines end with LF or CRLF"),
    ("a,b\r", "line 1: a carriage return alone; lines end with LF or CRLF"),
])
def test_tables_refused(text, sentence):
    with pytest.raises(DataError) as told:
        list(table.records(text))
    assert str(told.value) == sentence


def test_tables_read():
    quoted = '\ufeffa;"b;c"\r\n"1\n""2""";x\r\n\n3;\r\n'
    assert list(table.records(quoted)) == [(1, ["a", "b;c"]), (2, ['1\n"2"', "x"]), (5, ["3", ""])]
    assert list(table.records('"a;",b\n1,2')) == [(1, ["a;", "b"]), (2, ["1", "2"])]
    assert list(table.records('"a\rb"')) == [(1, ["a\rb"])] and list(table.records("\n\n")) == []


@pytest.mark.parametrize("content, sentence", [
    (b"id,label\n", "no column name in the header"), (b"id,label,name,id\n", "two columns id in the header"),
    (b"", "empty"), (b"id,label,name\n\xff,0,x\n", "byte 14 is not UTF-8"),
    ("id,label,name\n".encode("utf-16"), "byte 0 is not UTF-8"),
    ("id,label,name\n".encode("utf-16-le"), "line 1: a zero byte; is it text in UTF-8?"),
    (b"id\tlabel\tname\n", "no column id, label, name in the header"),
    (b"id,label,name\rx,0,y\r", "line 1: a carriage return alone; lines end with LF or CRLF"),
])
def test_headers_refused(content, sentence, tmp_path):
    (tmp_path / "labels.csv").write_bytes(content)
    faults = Faults()
    assert data.read_split(tmp_path, "train", faults).cases == []
    assert faults.kinds["table"] == [f"train/labels.csv{'' if sentence.startswith('line') else ':'} {sentence}"]


def test_one_name_for_one_label(tmp_path):
    def told(*rows):
        cases = [data.Case(str(n), label, name, tmp_path, tmp_path) for n, (label, name) in enumerate(rows)]
        faults = Faults()
        checks.check_names([data.Split(tmp_path, cases)], faults)
        return faults.kinds.get("name", [])
    assert told((0, "low"), (1, "high"), (0, "Low"), (1, "")) == []
    assert told((0, "Öl"), (0, "öl")) == ["1: label 0 is 'öl' here and 'Öl' elsewhere"]
    assert told((0, "low"), (0, "high")) == ["1: label 0 is 'high' here and 'low' elsewhere"]
    assert told((0, "low"), (1, "Low")) == ["1: 'Low' is label 1 here and 0 elsewhere"]


def test_endings_in_any_case(tiny):
    image = tiny / "train/images/train3.png"
    image.rename(image.with_suffix(".PNG"))
    faults = Faults()
    split = data.read_split(tiny / "train", "train", faults)
    assert faults.kinds == {} and split.cases[3].image.name == "train3.PNG"
    Image.new("L", (40, 40)).save(image.with_suffix(".jpg"))
    data.read_split(tiny / "train", "train", faults)
    assert faults.kinds["image"] == ["train/labels.csv line 5: several images/train3 with different endings"]
