"""`uml.input`: fields in place of version 0.1's sentence; weights that want other pictures than are made here."""

import json
import pathlib

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from uml_training import cli, weights_file

CONFIG = {"height": 32, "width": 64, "regions": 2, "classes": 3, "channels_in": 1}
SENTENCE = "grey, value / 255, resized with Pillow's bilinear filter to "


def stored(path, said, tensors=None):
    save_file(tensors or {"w": torch.arange(7.0)}, path, {
        "uml.format": "1", "uml.network": "edge", "uml.config": json.dumps(CONFIG), "uml.input": said,
        "uml.classes": '["m\u00e9ningiome", "b", "c"]'})
    return path


@pytest.mark.parametrize("size", ["32x64", "64x32"])
def test_a_sentence_becomes_fields_and_nothing_else_changes(tmp_path, size):
    tensors = {"w": torch.tensor([1.5, float("nan"), -0.0]), "v": torch.arange(5).to(torch.bfloat16)}
    old, new = stored(tmp_path / "old.safetensors", SENTENCE + size, tensors), tmp_path / "made/new.safetensors"
    assert cli.main(["update", str(old), "--out", str(new)]) == 0
    with safe_open(old, "pt") as before, safe_open(new, "pt") as after:
        fields = json.dumps({"channels": "grey", "range": [0, 1], "levels": [0, 255], "resampling": "bilinear"})
        assert after.metadata() == before.metadata() | {"uml.input": fields}
        assert after.keys() == before.keys()
    data = [file.read_bytes()[8 + int.from_bytes(file.read_bytes()[:8], "little"):] for file in (old, new)]
    assert data[0] == data[1] and len(data[0]) == 3 * 4 + 5 * 2
    assert (new.stat().st_size - len(data[1])) % 8 == 0


@pytest.mark.parametrize("said", [SENTENCE + "32x32", "RGB" + SENTENCE[4:] + "32x64", "anything", ""])
def test_another_sentence_is_refused(tmp_path, capsys, said):
    old, new = stored(tmp_path / "old.safetensors", said), tmp_path / "new.safetensors"
    assert cli.main(["update", str(old), "--out", str(new)]) == 1
    assert "not the sentence of version 0.1" in capsys.readouterr().err and not new.exists()


def test_the_file_itself_is_no_place_for_the_new_one(tmp_path, capsys):
    old = stored(tmp_path / "old.safetensors", SENTENCE + "32x64")
    before = old.read_bytes()
    assert cli.main(["update", str(old), "--out", str(old)]) == 1
    assert "an input" in capsys.readouterr().err and old.read_bytes() == before


@pytest.mark.parametrize("said, refused", [
    ('{"channels": "grey", "range": [0, 1], "levels": [0, 255], "resampling": "bilinear"}', ""),
    (' {"levels": [0.0, 255]}', ""),
    ("{}", ""),
    ("free text", ""),
    ('{"channels": "rgb"}', '"channels": "rgb"'),
    ('{"range": [-1, 1]}', '"range": [-1, 1]'),
    ('{"range": [false, true]}', '"range": [false, true]'),
    ('{"levels": [0, 4095]}', '"levels": [0, 4095]'),
    ('{"resampling": "lanczos"}', '"resampling": "lanczos"'),
    ('\n{"gamma": null}', '"gamma": null'),
    ('{"levels": [0, 255]', "delimiter"),
])
def test_pictures_that_are_not_made_are_refused(tmp_path, said, refused):
    path = stored(tmp_path / "w.safetensors", said)
    if not refused:
        weights_file.read(path)
        return
    with pytest.raises(ValueError) as caught:
        weights_file.read(path)
    assert refused in str(caught.value)


def test_the_shipped_weights_say_what_they_were_trained_on():
    shipped = pathlib.Path(__file__).parents[2] / "weights/brain-mri-edge.safetensors"
    assert json.loads(weights_file.read(shipped)[3]["uml.input"]) == weights_file.input_rule(1)
