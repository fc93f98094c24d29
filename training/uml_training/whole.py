"""Files that are whole or not there: a kill or a full disk while writing leaves the one before. The rules are those of
examples/support/output.hpp: no input is overwritten, devices and pipes are written to, a link is followed to a file of
the user, what takes a file's place keeps its permissions, one program writes a file at a time."""

import errno
import fcntl
import os
import pathlib
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

inputs: dict[tuple[int, int], pathlib.Path] = {}


def keep_standard_streams_apart() -> None:
    """A standard stream that is closed is no file's number: what libraries print ends in no result."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY)  # the lowest free number is this one


def never_overwrite(path: pathlib.Path) -> None:
    """From now on nothing is written to the file that is there now under this name, or any other name of it."""
    try:
        found = path.stat()
    except OSError:
        return
    inputs[found.st_dev, found.st_ino] = path.absolute()


def is_input(found: os.stat_result) -> bool:
    """The number of a file that is gone may have gone to another: what counts is what the input's name leads to."""
    path = inputs.get((found.st_dev, found.st_ino))
    try:
        return path is not None and os.path.samestat(path.stat(), found)
    except OSError:
        return False


def place(path: pathlib.Path) -> tuple[pathlib.Path, os.stat_result | None]:
    """Where a result goes, and what is there. Errors: OSError that says why it cannot go there."""
    def refuse(why: str) -> OSError:
        return OSError(f"{path}: {why}, so nothing is written there")
    try:
        found = path.lstat()
    except FileNotFoundError:
        return path, None
    if stat.S_ISLNK(found.st_mode):
        if found.st_uid not in (os.geteuid(), 0):
            raise refuse("a symbolic link of another user")
        try:
            found = path.stat()
        except FileNotFoundError:
            raise refuse("a symbolic link that leads nowhere") from None
        if stat.S_ISREG(found.st_mode):
            if found.st_uid != os.geteuid():
                raise refuse("a symbolic link to a file of another user")
            path = path.resolve()
    if stat.S_ISDIR(found.st_mode):
        raise refuse("a folder")
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISCHR(found.st_mode) or stat.S_ISFIFO(found.st_mode)):
        raise refuse("neither a file nor a character device nor a pipe")
    if is_input(found):
        raise refuse("an input of this program")
    return path, found


@contextmanager
def locked(path: pathlib.Path, what: str, follow: int = 0) -> Iterator[int]:
    """An open folder that no other program has until the end. `follow`: 0, or os.O_NOFOLLOW. Errors: OSError where
    one has it, or where the disk knows no locks."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | follow)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OSError(f"{what}: another program is writing there") from None
        except OSError as error:
            raise OSError(f"{what}: cannot be locked: {error.strerror}") from None
        yield folder
    finally:
        os.close(folder)


@contextmanager
def scratch_folder(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder of the user's alone beside a file; what a program that was killed has left there goes."""
    folder = target.parent / f".{target.name}.writing"
    if not folder.is_dir() or folder.is_symlink():
        folder.mkdir(0o700)
    with locked(folder, str(target), os.O_NOFOLLOW):
        if folder.stat().st_uid != os.geteuid():
            raise OSError(f"{folder}: of another user")
        for left in folder.iterdir():
            left.unlink()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def clean(folder: pathlib.Path) -> None:
    """What programs that were killed have left in a folder goes."""
    for left in folder.glob(".*.writing"):
        try:
            with locked(left, str(left), os.O_NOFOLLOW):
                shutil.rmtree(left, ignore_errors=True)
        except OSError:  # somebody writes there, or it is none of ours
            continue


def replace(path: pathlib.Path, write: Callable[[pathlib.Path], object]) -> None:
    """`write` makes a file of the same name elsewhere, which then takes this one's place. Errors: OSError."""
    target, found = place(path)
    if found is None or stat.S_ISREG(found.st_mode):
        if found is not None and not os.access(target, os.W_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        with scratch_folder(target) as folder:
            scratch = folder / target.name
            write(scratch)
            if found is not None:
                scratch.chmod(stat.S_IMODE(found.st_mode))
            with open(scratch, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(scratch, target)
        parent = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
        return
    with TemporaryDirectory() as temporary:
        scratch = pathlib.Path(temporary) / target.name
        write(scratch)
        with open(target, "wb") as stream:
            stream.write(scratch.read_bytes())


def text(path: pathlib.Path, content: str) -> None:
    replace(path, lambda scratch: scratch.write_text(content, encoding="utf-8"))
