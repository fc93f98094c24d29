"""tests/c_api/check.py LIBRARY WEIGHTS: the C API from ctypes, by the declarations alone; and nothing but it is visible."""

import ctypes
import subprocess
import sys
import threading


class Error(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("code", ctypes.c_int), ("what", ctypes.c_char * 384)]


class Picture(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("pixels", ctypes.c_void_p), ("is_float", ctypes.c_int),
                ("height", ctypes.c_int), ("width", ctypes.c_int), ("channels", ctypes.c_int),
                ("row_bytes", ctypes.c_int64)]


class Answer(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("classes", ctypes.c_int), ("predicted", ctypes.c_int),
                ("accepted", ctypes.c_int), ("vacuity", ctypes.c_float),
                ("class_alpha", ctypes.POINTER(ctypes.c_float)), ("height", ctypes.c_int), ("width", ctypes.c_int),
                ("regions", ctypes.c_int), ("region_logits", ctypes.POINTER(ctypes.c_float)),
                ("region_logits_step", ctypes.c_int64), ("pixel_vacuity", ctypes.POINTER(ctypes.c_float)),
                ("pixel_vacuity_step", ctypes.c_int64)]


def main(library: str, weights: str) -> None:
    uml = ctypes.CDLL(library)
    error = Error(ctypes.sizeof(Error))
    model, workspace = ctypes.c_void_p(), ctypes.c_void_p()

    def good(code: int) -> None:
        assert code == 0, error.what.decode()

    assert uml.uml_model_load(b"absent", None, ctypes.byref(model), ctypes.byref(error)) == 1
    assert error.what == b"absent: cannot be opened: there is no such file", error.what
    good(uml.uml_model_load(weights.encode(), None, ctypes.byref(model), ctypes.byref(error)))
    good(uml.uml_workspace_make(model, ctypes.byref(workspace), ctypes.byref(error)))
    pixels = (ctypes.c_uint8 * 65536)(*(i % 251 for i in range(65536)))
    picture = Picture(ctypes.sizeof(Picture), ctypes.cast(pixels, ctypes.c_void_p), 0, 256, 256, 1, 0)
    answer = Answer(ctypes.sizeof(Answer))
    good(uml.uml_run(workspace, ctypes.byref(picture), ctypes.byref(answer), ctypes.byref(error)))
    assert (answer.classes, answer.regions, answer.height, answer.width) == (3, 2, 256, 256)
    strength = sum(answer.class_alpha[k] for k in range(3))
    assert abs(answer.vacuity * strength - 3) < 1e-5
    print(f"class {answer.predicted}, vacuity {answer.vacuity:.9g}, first logit {answer.region_logits[0]:.9g}")

    # Threads that share a model, each with a workspace of its own: the same bits.
    def run_one(answers: list[tuple[float, float]]) -> None:
        own, found, why = ctypes.c_void_p(), Answer(ctypes.sizeof(Answer)), Error(ctypes.sizeof(Error))
        if uml.uml_workspace_make(model, ctypes.byref(own), ctypes.byref(why)) == 0:
            if uml.uml_run(own, ctypes.byref(picture), ctypes.byref(found), ctypes.byref(why)) == 0:
                answers.append((found.vacuity, found.region_logits[0]))
            uml.uml_workspace_free(own)

    answers: list[tuple[float, float]] = []
    threads = [threading.Thread(target=run_one, args=(answers,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(answer.vacuity, answer.region_logits[0])] * 4, answers
    uml.uml_workspace_free(workspace)
    uml.uml_model_free(model)

    listed = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in listed.splitlines()}
    strays = {name for name in names if not name.startswith("uml_")}
    assert not strays, f"visible besides the API: {sorted(strays)[:5]}"
    assert len(names) == 9, sorted(names)


if __name__ == "__main__":
    main(*sys.argv[1:])
