"""The gradients of a run's losses, against those of the whole loss and against what clipping reports."""

import json
import math
import pathlib

import pytest
import torch

from uml_training import cli, gradients
from uml_training.losses import total_loss

COMMON = ["--size", "32", "--channels", "1", "--divisor", "16", "--stem-stride", "2", "--preset", "robust",
          "--batch", "4", "--epochs", "1", "--threads", "1"]


@pytest.fixture
def run(tiny, tmp_path):
    def trained(network):
        out = tmp_path / f"{network}-{len(list(tmp_path.iterdir()))}"
        assert cli.main(["fit", "--data", str(tiny), "--network", network, "--out", str(out), *COMMON]) == 0
        return out
    return trained


def test_parts_add_up_to_the_whole(run, tiny, tmp_path, capsys):
    folder = run("edge")
    assert gradients.main([str(folder), "--data", str(tiny), "--batches", "2", "--json", str(tmp_path / "g.json")]) == 0
    told = json.loads((tmp_path / "g.json").read_text())
    assert told["batches"] == 2 and "what the limit multiplies it by: " in (shown := capsys.readouterr().out)
    assert set(told["groups"]["un_seg_decoder"]["norm"]) == {"cls", "mutual", "seg"}
    assert "| un_seg_decoder | " in shown

    trainer = gradients.stood(folder, tiny, 1)
    torch.manual_seed(0)
    found = gradients.of_batch(trainer, torch.arange(4))
    torch.manual_seed(0)
    images, masks, labels = trainer.batch(torch.arange(4))
    recipe = trainer.run.recipe
    loss, _ = total_loss(trainer.forward(images), labels, masks, 2, recipe.loss, recipe.loss.kl_weight(trainer.epoch))
    loss.backward()
    for group, parameters in gradients.by_group(trainer).items():
        whole = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
        assert torch.allclose(sum(found[group].values()), whole, rtol=1e-3, atol=1e-5 * whole.norm().item()), group
    assert found["mut_feature_decoder"]["seg"].norm() > 0  # the Navigator's way back
    norm = torch.nn.utils.clip_grad_norm_(trainer.model.parameters(), 1.0)
    only = gradients.figures(gradients.stood(folder, tiny, 1))
    assert only["norm"]["mean"] == pytest.approx(norm.item(), rel=1e-3)
    assert only["factor"]["mean"] == pytest.approx(min(1, 1 / norm.item()), rel=1e-3)


def test_a_run_of_a_device_that_is_not_here_is_read_on_the_cpu(run, tiny, monkeypatch, capsys):
    here = run("segmenter")
    assert gradients.main([str(here), "--data", str(tiny), "--batches", "1"]) == 0
    told = capsys.readouterr().out
    save, put_down = torch.save, torch.serialization.location_tag

    def saved_there(state, path):  # as a GPU's trainer leaves it: tensors, the rate's among them, say where they lay
        for group in state["optimiser"]["param_groups"]:
            group |= {"lr": torch.tensor(group["lr"]), "capturable": True}
        monkeypatch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:99")
        save(state, path)
        monkeypatch.setattr(torch.serialization, "location_tag", put_down)
    monkeypatch.setattr(torch, "save", saved_there)
    there = run("segmenter")
    with pytest.raises(RuntimeError, match="deserialize|device"):
        torch.load(there / "checkpoint.pt", weights_only=True)
    made = json.loads((there / "run.json").read_text())
    (there / "run.json").write_text(json.dumps(made | {"device": "cuda:99"}))
    assert gradients.main([str(there), "--data", str(tiny), "--batches", "1"]) == 0
    output = capsys.readouterr()
    assert output.out == told
    assert "cuda:99: no device here: " in output.err and output.err.endswith(": computed on the CPU\n")


def test_one_loss_has_no_cosine(run, tiny, capsys):
    folder = run("segmenter")
    assert gradients.main([str(folder), "--data", str(tiny), "--batches", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[2] == "| part | seg | cosine |"


def test_cosine():
    a, b = torch.tensor([3.0, 0, 0]), torch.tensor([-1.0, 1, 0])
    assert gradients.cosine(a, b) == pytest.approx(-0.5**0.5) and math.isnan(gradients.cosine(a, 0 * b))


def test_refused(tiny, tmp_path, capsys):
    with pytest.raises(SystemExit):
        gradients.main([str(tmp_path), "--data", str(tiny)])
    assert "no checkpoint.pt" in capsys.readouterr().err


def test_the_claims_page_holds_the_table():
    docs = pathlib.Path(__file__).parents[2] / "docs"
    found = json.loads((docs / "claim/gradients-joint.json").read_text())
    page = (docs / "claim.md").read_text(encoding="utf-8")
    assert gradients.as_markdown(found) in page
    said = found["factor"]
    assert f"{said['mean']:.2f} on average ({said['least']:.2f} to {said['most']:.2f})" in " ".join(page.split())
    assert json.loads((docs / "claim/gradients-segmenter.json").read_text())["factor"]["least"] == 1
