"""kill -9 at UML_KILLS random moments (1) of training, and a disk that fills up: only whole files, and what goes on
ends as if nothing had been."""

import errno
import fcntl
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from uml_training import cli, whole

FIT = ["--network", "edge", "--size", "32", "--channels", "1", "--divisor", "16", "--preset", "small-data",
       "--batch", "4", "--threads", "1", "--seed", "3"]
EPOCHS = 4


def command(data, out):
    return [sys.executable, "-m", "uml_training.cli", "fit", "--data", str(data), "--out", str(out), *FIT, "--epochs",
            str(EPOCHS), "--resume"]


def read_all(folder):
    """Every file of the run's folder, as far as it is there: none may be half of one."""
    for path in folder.glob("*"):
        if ".writing" in path.name:
            continue
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".pt":
            torch.load(path, weights_only=True)
        else:
            with Image.open(path) as picture:
                picture.load()


def test_killed_at_random_moments(tiny, tmp_path):
    started = time.monotonic()
    subprocess.run(command(tiny, tmp_path / "whole"), check=True, capture_output=True)
    lasts = time.monotonic() - started
    draw = random.Random(int(os.environ.get("SEED", "1")))
    killed = ends = 0
    run = 0
    while killed < int(os.environ.get("UML_KILLS", "1")):
        with subprocess.Popen(command(tiny, tmp_path / f"killed{run}"), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(draw.uniform(0.3, 1) * lasts)
                assert process.returncode == 0
                compare(tmp_path / "whole", tmp_path / f"killed{run}")
                run, ends = run + 1, ends + 1  # it came to its end before: another one
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                killed += 1
        read_all(tmp_path / f"killed{run}")
    subprocess.run(command(tiny, tmp_path / f"killed{run}"), check=True, capture_output=True)
    compare(tmp_path / "whole", tmp_path / f"killed{run}")
    print(f"{killed} kills, {ends} runs that ended in between")


def compare(a, b):
    read_all(b)
    assert sorted(p.name for p in b.iterdir()) == sorted(p.name for p in a.iterdir())
    assert (a / "metrics.json").read_bytes() == (b / "metrics.json").read_bytes()
    one, other = (torch.load(f / "checkpoint.pt", weights_only=True) for f in (a, b))
    for part in ("model", "average"):
        first, second = (s[part]["model"] if part == "average" else s[part] for s in (one, other))
        assert all(torch.equal(first[name], second[name]) for name in first), part
    histories = [json.loads((f / "history.json").read_text()) for f in (a, b)]
    for row in histories[0] + histories[1]:
        del row["seconds"]
    assert histories[0] == histories[1] and len(histories[0]) == EPOCHS


def test_killed_between_checkpoint_and_history(tiny, tmp_path):
    arguments = ["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), *FIT, "--epochs", "1"]
    assert cli.main(arguments) == 0
    expected = (tmp_path / "run/history.json").read_text()
    for name in ("history.json", "curves.png", "metrics.json"):
        (tmp_path / "run" / name).unlink()
    assert cli.main([*arguments, "--resume"]) == 0
    assert (tmp_path / "run/history.json").read_text() == expected
    assert (tmp_path / "run/curves.png").is_file() and (tmp_path / "run/metrics.json").is_file()


@pytest.fixture
def forgetful():
    whole.inputs.clear()
    yield
    whole.inputs.clear()


def test_no_input_is_overwritten_under_whatever_name(tmp_path, forgetful):
    (tmp_path / "in").write_text("keep")
    (tmp_path / "hard").hardlink_to(tmp_path / "in")
    (tmp_path / "soft").symlink_to("in")
    whole.never_overwrite(tmp_path / "in")
    for name in ("in", "hard", "soft"):
        with pytest.raises(OSError, match="an input of this program, so nothing is written there"):
            whole.text(tmp_path / name, "x")
    assert (tmp_path / "in").read_text() == "keep"
    (tmp_path / "in").unlink()
    (tmp_path / "hard").unlink()
    whole.text(tmp_path / "other", "x")  # even where it gets the number of the file that is gone
    whole.text(tmp_path / "other", "y")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other", "soft"]


def test_links_lead_to_files_streams_are_written_to_the_rest_is_refused(tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nowhere")
    whole.text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_text() == "new"
    with pytest.raises(OSError, match="leads nowhere"):
        whole.text(tmp_path / "dangling", "x")
    with pytest.raises(OSError, match="a folder"):
        whole.text(tmp_path, "x")
    (tmp_path / "other").symlink_to("file")
    if os.geteuid() == 0:  # who alone can give files away
        for victim, told in (("file", "to a file of another user"), ("other", "of another user")):
            os.chown(tmp_path / victim, 65534, 65534, follow_symlinks=False)
            with pytest.raises(OSError, match=f"a symbolic link {told}"):
                whole.text(tmp_path / "other", "x")
            os.chown(tmp_path / victim, 0, 0, follow_symlinks=False)
    (tmp_path / "other").unlink()
    assert (tmp_path / "file").read_text() == "new"
    whole.text(pathlib.Path("/dev/null"), "x")
    assert pathlib.Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left"):
        whole.text(pathlib.Path("/dev/full"), "x")
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        whole.text(tmp_path / "pipe", "piped")
        assert reader.communicate()[0] == b"piped"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dangling", "file", "link", "pipe"]


def test_a_closed_standard_stream_is_no_files_number(tmp_path):
    program = ("import os; from uml_training import cli; cli.main(['export', 'nowhere', '--out', 'w']); "
               "n = os.open('number', os.O_CREAT | os.O_WRONLY); os.write(n, b'%d' % n)")
    shell = ["sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, program]
    subprocess.run(shell, cwd=tmp_path, check=True)
    assert int((tmp_path / "number").read_text()) > 2
    assert [p.name for p in tmp_path.iterdir()] == ["number"]


def test_permissions_stay(tmp_path):
    whole.text(tmp_path / "a", "1")
    for mode in (0o600, 0o640, 0o664):
        (tmp_path / "a").chmod(mode)
        whole.text(tmp_path / "a", "2")
        assert (tmp_path / "a").stat().st_mode & 0o777 == mode


def test_what_a_program_that_was_killed_has_left_goes_what_another_writes_stays(tmp_path):
    (tmp_path / ".a.writing").mkdir()
    (tmp_path / ".a.writing/a").write_text("half")
    whole.text(tmp_path / "a", "1")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    (tmp_path / ".b.writing").mkdir()
    whole.clean(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    (tmp_path / "victim").write_text("victim")
    (tmp_path / ".a.writing").symlink_to(".")  # planted
    with pytest.raises(OSError):
        whole.text(tmp_path / "a", "2")
    (tmp_path / ".a.writing").unlink()
    (tmp_path / ".a.writing").mkdir()
    with whole.locked(tmp_path / ".a.writing", "test"), pytest.raises(OSError, match="another program is writing"):
        whole.text(tmp_path / "a", "2")
    assert (tmp_path / "a").read_text() == "1" and (tmp_path / "victim").read_text() == "victim"


def test_one_program_trains_in_a_folder_at_a_time(tiny, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    with whole.locked(tmp_path / "run", "test"):
        assert cli.main(["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), *FIT, "--epochs", "1"]) == 1
    assert "another program is writing there" in capsys.readouterr().err and not list((tmp_path / "run").iterdir())
    (tmp_path / "link").symlink_to("run")
    with whole.locked(tmp_path / "link", "test"), pytest.raises(OSError, match="another program is writing there"), \
            whole.locked(tmp_path / "run", "test"):
        pass


def test_a_disk_without_locks_is_refused(tmp_path, monkeypatch):
    def no_locks(folder, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(OSError, match="a.json: cannot be locked: No locks available"):
        whole.text(tmp_path / "a.json", "1")
    assert not (tmp_path / "a.json").exists()


def test_a_run_goes_on_with_its_own_pictures_only(tiny, tmp_path, capsys):
    def fit(data, epochs, *more):
        return cli.main(["fit", "--data", str(data), "--out", str(tmp_path / "run"), *FIT, "--epochs", epochs, *more])
    assert fit(tiny, "1") == 0
    picture = next((tiny / "train/images").iterdir())
    samples = np.asarray(Image.open(picture)).copy()
    samples[0, 0] ^= 1
    Image.fromarray(samples).save(picture)
    assert fit(tiny, "1", "--resume") == 1
    assert "checkpoint.pt: made with other training pictures, masks or labels" in capsys.readouterr().err
    assert cli.main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "run/checkpoint.pt")]) == 1
    assert "an input of this program" in capsys.readouterr().err


def test_stopped_while_it_trains(tiny, tmp_path):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)[:int(os.environ.get("UML_KILLS", "1"))]:
        out = tmp_path / number.name
        with subprocess.Popen(command(tiny, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            while not (out / "checkpoint.pt").is_file():
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(number)
            process.communicate()
            assert process.returncode in (0, 128 + number)
        read_all(out)
        assert not [p for p in out.iterdir() if ".writing" in p.name]


def test_a_full_disk_leaves_the_file_before(tmp_path):
    whole.text(tmp_path / "a.json", "1")

    def full(scratch):
        scratch.write_text("half")
        raise OSError("No space left on device")
    with pytest.raises(OSError, match="No space"):
        whole.replace(tmp_path / "a.json", full)
    assert (tmp_path / "a.json").read_text() == "1" and list(tmp_path.iterdir()) == [tmp_path / "a.json"]


def test_arrays_are_whole_too(tmp_path):
    whole.replace(tmp_path / "a.npy", lambda scratch: np.save(scratch, np.arange(3)))
    assert np.load(tmp_path / "a.npy").tolist() == [0, 1, 2] and len(list(tmp_path.iterdir())) == 1
