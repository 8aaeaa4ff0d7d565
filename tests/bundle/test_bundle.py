"""The bundle as CPack makes it: small enough, complete, and at work where there is glibc and nothing else."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ["STELE_BINARY"]).parent
MIB = 2**20
# What a system of glibc alone has.
GLIBC = ("ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1")
GCC = {"libstdc++.so.6", "libgcc_s.so.1"}


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    made = run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "lacks the licence" not in made.stdout + made.stderr
    found = list(folder.glob("*.tar.xz"))
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="session")
def root(archive, tmp_path_factory):
    """A root folder with glibc and the bundle, as /stele."""
    folder = tmp_path_factory.mktemp("root")
    # As Debian has it: the loader in one folder, which programs name, and the rest in its own.
    libraries = "lib/x86_64-linux-gnu"
    for name in ("lib64", libraries, "proc", "dev", "tmp"):
        (folder / name).mkdir(parents=True)
    for name in GLIBC:
        place = "lib64" if name.startswith("ld-") else libraries
        shutil.copy(Path("/") / place / name, folder / place / name)
    unpacked = run("cmake", "-E", "tar", "-xf", archive, cwd=folder)
    assert unpacked.returncode == 0, unpacked.stderr
    (folder / archive.name.removesuffix(".tar.xz")).rename(folder / "stele")
    return folder


@pytest.fixture(scope="session")
def inside(root):
    """Runs a program of the bundle in that root, without any variable."""
    def call(program, *arguments):
        script = 'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec env -i "$(command -v chroot)" "$0" "$@"'
        return run("unshare", "--map-root-user", "--mount", "sh", "-c", script, root, f"/stele/bin/{program}", *arguments)

    may = run("unshare", "--map-root-user", "--mount", "true")
    if may.returncode != 0:
        pytest.skip(f"a root of its own needs user namespaces: {may.stderr.strip()}")
    return call


def elf_files(root):
    for path in sorted((root / "stele").rglob("*")):
        if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF":
            yield path


def dynamic(path):
    text = run("readelf", "-d", path).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text), re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", text)


def size_of_what_is_left_out(root):
    """Of the kernels with bounded waits, which `./dev bundle` builds and `./dev test` does not: those that spin, once more."""
    spinning = root / "stele/lib/libstele_cuda_spinning.so"
    is_left_out = spinning.exists() and not (root / "stele/lib/bounded").exists()
    return 1.25 * spinning.stat().st_size if is_left_out else 0


def test_it_keeps_to_its_sizes(archive, root):
    more = size_of_what_is_left_out(root)
    assert archive.stat().st_size + more <= 16 * MIB
    assert sum(path.lstat().st_size for path in (root / "stele").rglob("*")) + more <= 48 * MIB


def test_every_library_that_is_needed_is_in_it_or_glibcs(root):
    files = list(elf_files(root))
    assert {"stele", "libstele_simt.so"} <= {path.name for path in files}
    there = {path.name for path in (root / "stele/lib").iterdir()}
    for path in files:
        needed, _ = dynamic(path)
        assert set(needed) <= there | set(GLIBC) | GCC, path.name
    assert {path.name for path in (root / "stele/lib/gcc").iterdir()} == GCC


def test_own_files_look_beside_themselves_first_and_nowhere_in_the_build(root):
    seen = 0
    for path in elf_files(root):
        if path.parent.name == "bin" or path.name.startswith("libstele_"):
            (places,) = dynamic(path)[1]
            assert places.startswith("$ORIGIN"), path.name
            assert all(place.startswith(("$ORIGIN", "/lib", "/usr/lib")) for place in places.split(":")), places
            seen += 1
    assert seen >= 2


def test_there_is_one_copy_of_the_kernels_and_bounded_ones_of_those_that_spin(root):
    def machine_code(path):
        """Bytes of it; some KiB are the backend's own, for the check of its clock."""
        section = re.search(r"\.nv_fatbin\s+\w+\s+\w+\s+\w+\s+(\w+)", run("readelf", "-SW", path).stdout)
        return int(section[1], 16) if section else 0

    libraries = root / "stele/lib"
    with_kernels = {str(path.relative_to(libraries)) for path in elf_files(root)
                    if path.is_relative_to(libraries) and machine_code(path) > MIB / 8}
    built = {"libstele_cuda_kernels.so", "libstele_cuda_spinning.so", "bounded/libstele_cuda_spinning.so"}
    # What `./dev bundle` builds and `./dev test` does not.
    built = {name for name in built if (BUILD / name).exists()}
    assert with_kernels == built


def test_machine_code_of_tiles_is_where_the_program_looks_for_it(root):
    def files(folder):
        return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*.cubin")}

    assert files(root / "stele/lib/tiles") == files(BUILD / "tiles")


def test_a_licence_stands_beside_each_library(root):
    licences = {path.name: path.read_text(errors="replace") for path in (root / "stele/licences").iterdir()}
    for part in ("libfmt", "libbenchmark", "libboost-context", "ocl-icd", "libstdc++", "libgcc", "json", "cli11", "gtest"):
        assert any(part in name and text.strip() for name, text in licences.items()), f"{part}: {sorted(licences)}"


def test_it_verifies_kernels_where_there_is_glibc_alone(inside):
    done = inside("stele", "verify", "gemm/naive.cuda", "--device", "simt:0", "--suite", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_it_says_what_is_missing_there(inside):
    done = inside("stele", "devices")
    assert done.returncode == 0, done.stderr
    assert "simt:0" in done.stdout and "opencl: no device" in done.stdout
    assert re.search(r"NVML\s+none", done.stdout), done.stdout


def test_the_gpu_tests_start_there_one_at_a_time(inside, root):
    if not (root / "stele/bin/gpu_tests").exists():
        pytest.skip("this build has no CUDA, and so no GPU tests")
    listed = inside("gpu_tests", "--gtest_list_tests").stdout
    assert "GpuAndExecutor" in listed, listed
    one = inside("gpu_tests", "--gtest_filter=All/PtxInstruction.*/mma_s8_s32")
    assert one.returncode == 0 and "Running 1 test " in one.stdout, one.stdout + one.stderr
    assert "SKIPPED" in one.stdout or "PASSED  ] 1 test" in one.stdout


def test_first_contact_is_one_word(root, tmp_path):
    made = run(root / "stele/first_contact", "met", "--minutes", "1", cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    if made.returncode == 5:
        assert "no GPU is here" in made.stderr
    else:  # a GPU is
        assert (tmp_path / "met/steps.json").exists(), made.stderr
