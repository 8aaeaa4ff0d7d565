"""Libraries found at run time: in folders that the user names, and NVIDIA's OpenCL without its .icd file."""

import ctypes.util
import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import BINARY

VENDORS = Path("/etc/OpenCL/vendors")


def library(stele, title, folder):
    libraries = json.loads(stele("devices", "--json", env={"STELE_LIBRARY_PATH": str(folder)}).stdout)["libraries"]
    return next(row for row in libraries if row["name"] == title)


def test_a_named_folder_comes_first(stele, tmp_path):
    (tmp_path / "libcudnn.so.9").symlink_to(Path("/lib/x86_64-linux-gnu") / ctypes.util.find_library("m"))
    found = library(stele, "cuDNN", tmp_path)
    assert found == {"name": "cuDNN", "path": str(tmp_path / "libcudnn.so.9"), "why_not": ""}


def test_the_loaders_words_are_told_of_a_broken_file(stele, tmp_path):
    (tmp_path / "libnvidia-ml.so.1").write_text("this is no library, and long enough to be taken for the header of one")
    found = library(stele, "NVML", tmp_path)
    if found["path"]:
        pytest.skip("NVIDIA's driver is here, so the broken file does no harm")
    assert f"{tmp_path / 'libnvidia-ml.so.1'}: " in found["why_not"] and "looked in" in found["why_not"]


def test_devices_shows_each_library_and_where_was_looked(stele):
    text = stele("devices").stdout
    for title in ("cuBLASLt", "cuDNN", "NVML", "NVIDIA's OpenCL"):
        assert title in text
    assert "Looked in, in this order: the loader's path" in text.replace("\n", " ").replace("  ", " ")


def devices_without_vendors(tmp_path, environment):
    """What a machine without any .icd file shows."""
    (tmp_path / "empty").mkdir(exist_ok=True)
    hide = ["unshare", "--map-root-user", "--mount", "sh", "-c", f'mount --bind "$0" {VENDORS} && exec "$@"', tmp_path / "empty"]
    done = subprocess.run([*hide, BINARY, "devices", "--json"], env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode != 0 and any(word in done.stderr for word in ("unshare:", "mount:")):
        pytest.skip(f"hiding .icd files needs user namespaces: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return [device["id"] for device in json.loads(done.stdout)["devices"] if device["backend"] == "opencl"]


def test_opencl_is_found_without_an_icd_file(tmp_path):
    """PoCL in the place of NVIDIA's library: its file's name is all that is looked for."""
    pocl = next((line for file in VENDORS.glob("pocl*.icd") for line in file.read_text().split()), None)
    if pocl is None:
        pytest.skip("PoCL is not installed")
    folder = Path("/usr/lib/x86_64-linux-gnu")
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers/libnvidia-opencl.so.1").symlink_to(folder / pocl)
    # PoCL looks for its devices beside itself.
    (tmp_path / "drivers/pocl").symlink_to(folder / "pocl")
    named = {"STELE_LIBRARY_PATH": str(tmp_path / "drivers"), "TMPDIR": str(tmp_path)}
    assert devices_without_vendors(tmp_path, {"TMPDIR": str(tmp_path)}) == []
    assert devices_without_vendors(tmp_path, named) == ["opencl:0"]
    assert devices_without_vendors(tmp_path, {**named, "OCL_ICD_VENDORS": str(tmp_path / "empty")}) == []
    assert not list(tmp_path.glob("stele-opencl-*")), "the temporary folder is gone"
