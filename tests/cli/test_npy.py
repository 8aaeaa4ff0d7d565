"""`stele run` with NumPy at both ends."""

import json

import numpy
import pytest

M, N, K = 37, 21, 53


def bits_of_bf16(values):
    """Round to nearest even."""
    bits = values.astype(numpy.float32).view(numpy.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(numpy.uint16)


def value_of_bf16(bits):
    return (bits.astype(numpy.uint32) << 16).view(numpy.float32)


def load(folder, name, dtype):
    array = numpy.load(folder / f"{name}.npy")
    return value_of_bf16(array).astype(float) if dtype == "bf16" else array.astype(float)


@pytest.fixture(scope="session")
def variant(runnable):
    """Of OpenCL if there is a device for it, else whatever runs."""
    return next((pair for pair in runnable if ".opencl" in pair[0]), runnable[0])


def run(stele, variant, dtype, *more, flags="", code=0):
    return stele("run", variant[0], "--device", variant[1], "--problem", f"m={M} n={N} k={K} {dtype}{flags}", *more, code=code)


@pytest.mark.parametrize("flags", ["", " b=nk"])
@pytest.mark.parametrize("dtype, stored, rounding", [("f32", "<f4", 2**-24), ("f16", "<f2", 2**-11), ("bf16", "<u2", 2**-8)])
def test_numpy_gets_the_same(stele, variant, dtype, stored, rounding, flags):
    run(stele, variant, dtype, "--dump", "out", flags=flags)
    folder = stele.folder / "out"
    manifest = json.loads((folder / "manifest.json").read_text())
    tensors = {t["file"]: t for t in manifest["tensors"]}
    assert set(tensors) == {"A.npy", "B.npy", "C.npy", "C.reference.npy", "C.bound.npy"}
    assert set(tensors) | {"manifest.json"} == {path.name for path in folder.iterdir()}
    assert manifest["verdict"]["outcome"] == "passed" and "timing" not in manifest
    for file, tensor in tensors.items():
        array = numpy.load(folder / file)
        assert list(array.shape) == tensor["shape"] and len(tensor["dimensions"]) == array.ndim
        assert array.dtype == numpy.dtype(tensor["stored_as"])
        assert array.flags.c_contiguous
    assert [tensors[f]["role"] for f in ("A.npy", "C.npy", "C.reference.npy")] == ["input", "output", "reference"]
    assert numpy.load(folder / "C.npy").dtype == numpy.dtype(stored)
    a, b, c = (load(folder, name, dtype) for name in "ABC")
    product = a @ (b.T if flags else b)
    scale = numpy.abs(a) @ numpy.abs(b.T if flags else b)
    assert numpy.abs(c - product).max() <= (2 * rounding * numpy.abs(product) + 1e-5 * scale).max()
    reference, bound = load(folder, "C.reference", "f64"), load(folder, "C.bound", "f64")
    assert numpy.allclose(reference, product, rtol=1e-12, atol=1e-12)
    assert (numpy.abs(c - reference) <= bound).all()
    assert c.std() > 1


def test_own_inputs(stele, variant):
    rng = numpy.random.default_rng(5)
    folder = stele.folder / "mine"
    folder.mkdir()
    for dtype, store in [("f32", numpy.float32), ("f16", numpy.float16), ("bf16", None)]:
        a, b = rng.standard_normal((M, K)), rng.standard_normal((K, N))
        for name, values in [("A", a), ("B", b)]:
            numpy.save(folder / f"{name}.npy", bits_of_bf16(values) if store is None else values.astype(store))
        run(stele, variant, dtype, "--inputs", "mine", "--dump", "out")
        assert (numpy.load(stele.folder / "out" / "A.npy") == numpy.load(folder / "A.npy")).all()
        product = load(folder, "A", dtype) @ load(folder, "B", dtype)
        assert numpy.allclose(load(stele.folder / "out", "C", dtype), product, rtol=2**-7, atol=1e-3)


def test_dumped_inputs_feed_the_next_run(stele, variant):
    run(stele, variant, "f32", "--dump", "first", "--seed", "7")
    run(stele, variant, "f32", "--inputs", "first", "--dump", "second")
    for name in "ABC":
        assert (numpy.load(stele.folder / "first" / f"{name}.npy") == numpy.load(stele.folder / "second" / f"{name}.npy")).all()


BAD = {
    "has the shape (37, 52), but A is (M, K) = (37, 53)": lambda a: a[:, :-1],
    "holds '<f8', but A is f32": lambda a: a.astype(numpy.float64),
    "holds '>f4', but A is f32": lambda a: a.astype(">f4"),
    "Fortran order": numpy.asfortranarray,
}


@pytest.mark.parametrize("message", BAD)
def test_inputs_that_do_not_fit(stele, variant, message):
    run(stele, variant, "f32", "--dump", "mine")
    path = stele.folder / "mine" / "A.npy"
    numpy.save(path, BAD[message](numpy.load(path)))
    assert message in run(stele, variant, "f32", "--inputs", "mine", code=2).stderr


def test_inputs_that_are_cut_or_missing(stele, variant):
    run(stele, variant, "f32", "--dump", "mine")
    path = stele.folder / "mine" / "B.npy"
    path.write_bytes(path.read_bytes()[:-1])
    assert "truncated" in run(stele, variant, "f32", "--inputs", "mine", code=2).stderr
    path.write_text("hello")
    assert "not a .npy file" in run(stele, variant, "f32", "--inputs", "mine", code=2).stderr
    path.unlink()
    assert "should hold the input B" in run(stele, variant, "f32", "--inputs", "mine", code=2).stderr


def test_dump_that_cannot_be_written(stele, variant):
    (stele.folder / "file").write_text("")
    assert "file" in run(stele, variant, "f32", "--dump", "file/below", code=2).stderr


def test_a_dump_is_of_one_run(stele, variant):
    run(stele, variant, "f32", "--dump", "out", "--seed", "7")
    first = {path.name: path.read_bytes() for path in (stele.folder / "out").iterdir()}
    run(stele, variant, "f32", "--dump", "out", "--seed", "8")
    second = {path.name: path.read_bytes() for path in (stele.folder / "out").iterdir()}
    assert second.keys() == first.keys() and all(second[name] != first[name] for name in ("A.npy", "B.npy", "C.npy"))
    (stele.folder / "out" / "notes.txt").write_text("mine")
    done = run(stele, variant, "f32", "--dump", "out", code=2)
    assert "it holds notes.txt, which no earlier run left there" in done.stderr
    assert {path.name for path in stele.folder.iterdir()} == {"out"}


SPARSE = "batch=1 heads=2 kv_heads=1 seq_q=256 seq_k=256 head_dim=64 f32 block=64 density=0.5 pattern=random"


@pytest.fixture(scope="session")
def sparse(variants):
    for variant in variants:
        if variant["operation"] == "sparse_attention":
            for answer in variant["devices"]:
                if answer["supported"]:
                    return variant["id"], answer["device"]
    pytest.skip("no device can run a sparse attention")


def test_sparse_mask_from_outside(stele, sparse):
    """The mask is an input: NumPy computes the same from it, and one that is not sorted is refused."""
    stele("run", sparse[0], "--device", sparse[1], "--problem", SPARSE, "--dump", "out")
    folder = stele.folder / "out"
    manifest = json.loads((folder / "manifest.json").read_text())
    inputs = {t["name"]: numpy.load(folder / t["file"]) for t in manifest["tensors"] if t["role"] == "input"}
    whole = [name for name, array in inputs.items() if array.dtype == numpy.int32]
    assert whole, "the mask is not among the inputs"
    column = next(name for name in whole if "column" in name)
    inputs[column][:] = inputs[column][::-1].copy()
    inputs[column][0] = -3
    numpy.save(folder / f"{column}.npy", inputs[column])
    done = stele("run", sparse[0], "--device", sparse[1], "--problem", SPARSE, "--inputs", "out", code=2)
    assert "column" in done.stderr


def test_a_mask_of_any_number_of_kept_blocks(stele, sparse):
    """The problem's count follows the file: its work is that of the mask that was given."""
    stele("run", sparse[0], "--device", sparse[1], "--problem", SPARSE, "--dump", "out")
    folder = stele.folder / "out"
    flops = json.loads((folder / "manifest.json").read_text())["flops"]
    row_begin, column = (numpy.load(folder / f"{name}.npy") for name in ("row_begin", "column"))
    rows = [column[begin:end][:1] for begin, end in zip(row_begin, row_begin[1:])]  # the first block of each row
    kept = numpy.concatenate(rows).astype("<i4")
    assert kept.size < column.size
    numpy.save(folder / "column.npy", kept)
    numpy.save(folder / "row_begin.npy", numpy.concatenate([[0], numpy.cumsum([len(row) for row in rows])]).astype("<i4"))
    stele("run", sparse[0], "--device", sparse[1], "--problem", SPARSE, "--inputs", "out", "--dump", "again")
    again = json.loads((stele.folder / "again" / "manifest.json").read_text())
    assert again["verdict"]["outcome"] == "passed" and 0 < again["flops"] < flops
