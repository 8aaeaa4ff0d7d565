"""The first minutes on a new device, rehearsed on the devices that are here, with kernels that crash and hang."""

import json
import tarfile

import pytest
from test_contained import Faults


@pytest.fixture
def faults(tmp_path):
    return Faults(tmp_path)


def steps(faults):
    return {step["name"]: step for step in json.loads((faults.folder / "met" / "steps.json").read_text())["steps"]}


def test_rehearsal_with_planted_faults(faults):
    meet = ("first-contact", "met", "--device", "simt:0", "--device", "opencl:0", "--device", "host:0", "--minutes", "3")
    done = faults(*meet, code=4, timeout=200)
    told = done.stdout.splitlines()
    assert len(told) <= 80
    known = steps(faults)
    for right in ("smoke/twice/right.cuda/simt:0", "smoke/twice/right.opencl/opencl:0", "smoke/twice/right.host/host:0",
                  "edge/twice/right.cuda/simt:0", "here/devices", "here/opencl/mma", "here/opencl/target"):
        assert known[right]["outcome"] == "fine", known[right]
    for wrong in ("segfault.host/host:0", "abort.host/host:0", "exit.host/host:0", "endless.host/host:0",
                  "endless.opencl/opencl:0", "endless_barrier.cuda/simt:0"):
        assert known[f"smoke/twice/{wrong}"]["outcome"] == "failed", wrong
        assert known[f"edge/twice/{wrong}"]["outcome"] == "left out", "what fails on the first problems is not asked the next"
        assert any(wrong in line for line in told) or any("more" in line for line in told)
    assert any(line.startswith("  opencl:0 wgmma: ") for line in told), "what OpenCL's compiler takes is told"
    assert told[-1].startswith("all of it: ")
    with tarfile.open(faults.folder / "met.tar.gz") as archive:
        names = archive.getnames()
    assert "met/steps.json" in names
    assert {f"met/{step['output']}" for step in known.values() if step["output"]} <= set(names)


def test_a_second_call_goes_on_where_the_first_stopped(faults):
    meet = ("first-contact", "met", "--device", "simt:0", "--minutes")
    faults(*meet, "0.1", code=None)
    first = steps(faults)
    assert any(step["outcome"] == "left out" for step in first.values())
    faults(*meet, "2", code=4)
    second = steps(faults)
    assert second["smoke/twice/right.cuda/simt:0"]["outcome"] == "fine"
    for name, step in first.items():
        if step["outcome"] == "fine":
            assert second[name] == step, "what is done is not done again"


def test_without_a_gpu_it_says_what_is_missing(faults):
    done = faults("first-contact", "met", code=5)
    assert "no GPU is here" in done.stderr and "cuda: " in done.stderr
