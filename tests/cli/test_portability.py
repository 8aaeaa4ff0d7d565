"""`stele portability`, on reports that the tree has."""

import json

import jsonschema
import pytest
from conftest import SOURCE

VALIDATOR = jsonschema.Draft202012Validator(json.loads((SOURCE / "results" / "schema.portability.json").read_text()))
GPU, CPU = SOURCE / "results" / "h200", SOURCE / "results" / "epyc"


def one(rows, **wanted):
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    assert len(found) == 1, wanted
    return found[0]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    from conftest import Stele
    return Stele(tmp_path_factory.mktemp("portability")).json("portability", GPU, CPU, "--format", "json")


def test_the_schema_is_one():
    VALIDATOR.check_schema(VALIDATOR.schema)


def test_json_is_as_its_schema_says(found):
    VALIDATOR.validate(found)


def test_a_gpus_language_is_no_cpus(found):
    scope = one(found["scopes"], operation="gemm", dtype="f32")
    assert len(scope["devices"]) > 1
    kernels = one(scope["efficiencies"], of="kernels")["languages"]
    assert one(kernels, language="cuda")["pp"] == {"value": 0, "low": 0, "high": 0}
    opencl = one(kernels, language="opencl")
    assert 0 < opencl["pp"]["low"] <= opencl["pp"]["value"] <= opencl["pp"]["high"] <= 1
    assert opencl["coverage"] == 1 and len(opencl["cascade"]) == len(scope["devices"])


def test_every_efficiency_is_the_harmonic_mean_of_its_problems(found):
    seen = 0
    for scope in found["scopes"]:
        for kind in scope["efficiencies"]:
            for device in (device for language in kind["languages"] for device in language["devices"] if "efficiency" in device):
                seen += 1
                inverse = sum(1 / problem["efficiency"] for problem in device["problems"]) / len(device["problems"])
                assert device["efficiency"]["value"] == pytest.approx(1 / inverse)
    assert seen > 10


@pytest.mark.parametrize("format", ["console", "markdown", "html"])
def test_every_format_has_the_figures(stele, format):
    text = stele("portability", GPU, CPU, "--problem", "*f32", "--all", "--format", format).stdout
    assert "performance portability over" in text and "code divergence" in text and "gemm/panel.opencl" in text


def test_one_algorithm_by_name(stele):
    found = stele.json("portability", GPU, "--variants", "gemm/tiled", "--problem", "m=4096 *", "--format", "json")
    for problem in (p for s in found["scopes"] for k in s["efficiencies"] for l in k["languages"] for d in l["devices"] for p in d["problems"]):
        assert problem["variant"].startswith("gemm/tiled.")


def test_without_a_common_problem_nothing_is_found(stele):
    done = stele("portability", GPU, CPU, "--common", "--variants", "gemm", "--problem", "* f32", code=5)
    assert "without --common" in done.stderr


def test_a_folder_that_is_no_checkout(stele):
    done = stele("portability", GPU, "--source", stele.folder, code=5)
    assert "--source" in done.stderr


def test_siblings_are_audited(found):
    tiled = [row for row in found["parity"] if row["algorithm"] == "gemm/tiled" and {row["first"], row["second"]} == {"cuda", "opencl"}]
    assert tiled and all("H200" in row["hardware"] for row in tiled)
    whats = {difference["what"] for row in tiled for difference in row["differences"]}
    assert "shared bytes a block may have" in whats and "inputs' seed" not in whats


def test_a_comparison_of_languages_says_what_differs_beside_them(stele):
    schema = jsonschema.Draft202012Validator(json.loads((SOURCE / "results" / "schema.compare.json").read_text()))
    report = GPU / "2026-11-28-6738a58edd48-2.json"
    compared = json.loads(stele("compare", report, "--by", "language", "--format", "json", code=None).stdout)
    schema.validate(compared)
    assert {(row["first"], row["second"]) for row in compared["parity"]} >= {("cuda", "ptx")}
    assert "beside the language" in stele("compare", report, "--by", "language", code=None).stdout
    assert "beside the language" not in stele("compare", report, "--by", "tile", code=None).stdout
