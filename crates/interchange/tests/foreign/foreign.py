#!/usr/bin/env python3
"""Checks with programs and schemas of other people that what Sekimori writes is what it says.

    foreign.py SEKIMORI RENDER MULTITOOL FOLDER

SEKIMORI is the command line program, RENDER the example of that name of the report crate (it writes reports on
something observed), MULTITOOL the SARIF Multitool of npm, FOLDER where the documents go. Needs the packages of
requirements.txt beside this file. Exits 0 when every check held, else 1 with the checks that did not.

Who reads what: SARIF the SARIF Multitool of its editors, with the rules of GitHub's code scanning too; OSCAL
compliance-trestle; CycloneDX the validator of cyclonedx-python-lib; MUD yangson with the YANG modules of the standard, as
pyang brings them; TM-BOM, Open Threat Model and Threat Dragon jsonschema with the schemas under schemas/.
"""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys

import trestle.oscal.assessment_results as assessment_results
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from jsonschema import FormatChecker
from jsonschema.validators import validator_for
from yangson import DataModel

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
EXAMPLES = ROOT / "examples"
MODELS = sorted(path.parent for path in EXAMPLES.rglob("model.toml"))
LANGUAGES = ["en", "ja"]
OBSERVED = ["cold-store", "px4"]
SCHEMAS = {
    "tm-bom": "tm-bom-1.0.2.schema.json",
    "otm": "otm-0.2.0.schema.json",
    "threat-dragon": "threat-dragon-v2.schema.json",
}
# There is no page of the tool on the net that it could name.
KNOWN_OF_SARIF = {"SARIF2005"}
failures = []


def check(what, problem):
    """One line for each check; `problem` is nothing when it held."""
    if problem:
        failures.append(what)
    print(f"foreign: {what}: {'FAILED: ' + str(problem)[:600] if problem else 'held'}")


def refused(what, problem):
    """A check of the checker: a damaged document must be refused."""
    check(f"{what} is refused", None if problem else "a damaged document was taken")


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


# --- one function for each form: the document's path in, what is wrong with it out

SCHEMA_OF = {}
for form, name in SCHEMAS.items():
    schema = load(HERE / "schemas" / name)
    kind = validator_for(schema)
    kind.check_schema(schema)
    SCHEMA_OF[form] = kind(schema, format_checker=FormatChecker())


def by_schema(form):
    def problem(path):
        errors = list(SCHEMA_OF[form].iter_errors(load(path)))
        return "; ".join(f"{e.json_path}: {e.message[:120]}" for e in errors[:5])

    return problem


CYCLONEDX = JsonStrictValidator(SchemaVersion.V1_7)


def cyclonedx(path):
    return CYCLONEDX.validate_str(path.read_text(encoding="utf-8"))


def oscal(path):
    try:
        assessment_results.AssessmentResults.oscal_read(path)
    except Exception as error:  # whatever it is, the document was not read
        return error
    return None


def usage_description_model():
    """The data model of RFC 8520 from the YANG modules that pyang brings."""
    modules = pathlib.Path(sys.prefix) / "share" / "yang" / "modules"
    implemented = ["ietf-mud", "ietf-acldns", "ietf-access-control-list", "ietf-interfaces"]
    imported = ["ietf-packet-fields", "ietf-ethertypes", "ietf-inet-types", "ietf-yang-types"]
    listed = []
    for name in implemented + imported:
        text = (modules / "ietf" / f"{name}.yang").read_text(encoding="utf-8")
        entry = {
            "name": name,
            "revision": re.search(r'revision\s+"?(\d{4}-\d\d-\d\d)', text).group(1),
            "namespace": re.search(r'namespace\s+"([^"]+)"', text).group(1),
            "conformance-type": "implement" if name in implemented else "import",
        }
        if name == "ietf-access-control-list":
            entry["feature"] = re.findall(r"feature\s+([\w-]+)\s*{", text)
        listed.append(entry)
    library = {"ietf-yang-library:modules-state": {"module-set-id": "mud", "module": listed}}
    folders = (str(modules / "ietf"), str(modules / "iana"))
    return DataModel(json.dumps(library), folders)


USAGE = usage_description_model()


def mud(path):
    try:
        USAGE.from_raw(load(path)).validate()
    except Exception as error:  # whatever it is, the document was not read
        return repr(error)
    return None


def sarif(multitool, paths):
    """What the Multitool finds, by file."""
    environment = dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1")
    command = [multitool, "validate", *map(str, paths), "--rule-kind", "Sarif;Gh", "--level", "Error;Warning"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    said = run.stdout + run.stderr
    if f"{len(paths)} files scanned" not in said:
        return {path: said[-600:] for path in paths}
    found = {path: [] for path in paths}
    for line in said.splitlines():
        match = re.match(r"(.+?)(?:\([\d,]+\))?: (?:error|warning) (\w+): (.*)", line)
        if match and match.group(2) not in KNOWN_OF_SARIF:
            found[pathlib.Path(match.group(1))].append(f"{match.group(2)}: {match.group(3)}")
    return {path: "; ".join(problems[:5]) for path, problems in found.items()}


def places(path):
    """Each result points to the line of its element, from the folder that the program ran in."""
    for result in load(path)["runs"][0]["results"]:
        place = result["locations"][0]
        element = place["logicalLocations"][0]["name"]
        physical = place["physicalLocation"]
        lines = (ROOT / physical["artifactLocation"]["uri"]).read_text(encoding="utf-8").splitlines()
        line = lines[physical["region"]["startLine"] - 1]
        if line not in (f'id = "{element}"', "[model]"):
            return f"{element}: {line}"
    return None


# --- what is written


def run(sekimori, language, *words):
    command = [sekimori, "--lang", language, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        check(" ".join(command), done.stderr)
    return done


def write(sekimori, folder):
    """Every model in every form and both languages: form → paths."""
    written = {form: [] for form in ["sarif", "oscal", "cyclonedx", "mud", *SCHEMAS]}
    for model in MODELS:
        for language in LANGUAGES:
            name = f"{model.name}.{language}"
            model_file = model.relative_to(ROOT) / "model.toml"
            for form in ["sarif", "oscal", "cyclonedx", "tm-bom"]:
                path = folder / f"{name}.{form}.json"
                run(sekimori, language, "model", "analyze", model_file, "--format", form, "--output", path)
                written[form].append(path)
            for form in ["otm", "threat-dragon"]:
                path = folder / f"{name}.{form}.json"
                run(sekimori, language, "model", "export", model_file, "--to", form, "--output", path)
                written[form].append(path)
        text = (model / "model.toml").read_text(encoding="utf-8")
        for device in re.findall(r'\[\[component\]\]\nid = "([^"]+)"(?:\n(?!\[).*)*?\nkind = "device"', text):
            path = folder / f"{model.name}.{device}.mud.json"
            words = ["--to", "mud", "--component", device, "--url", "https://example.com/mud.json"]
            run(sekimori, "en", "model", "export", model_file, *words, "--output", path)
            written["mud"].append(path)
    return written


def observe(render, folder):
    """Reports on something observed: part of it as it should be, part of it not."""
    written = {"sarif": [], "oscal": [], "cyclonedx": []}
    for name in OBSERVED:
        target = folder / f"{name}-observed"
        target.mkdir()
        model = EXAMPLES / name / "model.toml"
        subprocess.run([render, str(model), str(target), "--observed"], cwd=ROOT, check=True)
        for form, paths in written.items():
            paths.extend(sorted(target.glob(f"{form}.*")))
    return written


def damaged(folder):
    """For each form a document that is nearly right."""
    some = lambda form: load(next(folder.glob(f"cold-store.*.{form}.json")))
    out = {}
    for form, damage in {
        "oscal": lambda d: d["assessment-results"]["metadata"].pop("title"),
        "cyclonedx": lambda d: d["services"][0]["data"][0].pop("classification"),
        "tm-bom": lambda d: d["components"][0].pop("trust_zone"),
        "otm": lambda d: d["components"][0].pop("parent"),
        "threat-dragon": lambda d: d["detail"].pop("diagramTop"),
        "mud": lambda d: d["ietf-mud:mud"].update({"cache-validity": 10_000}),
        "sarif": lambda d: d["runs"][0]["tool"]["driver"]["rules"][0].pop("help"),
    }.items():
        document = copy.deepcopy(some(form))
        damage(document)
        out[form] = folder / f"damaged.{form}.json"
        out[form].write_text(json.dumps(document), encoding="utf-8")
    return out


# --- what others wrote


def read_samples(sekimori, folder):
    """Models of other people become sound models of ours, in both languages."""
    samples = sorted((HERE / "samples").iterdir())
    check("samples of other people", None if samples else "there are none")
    for sample in samples:
        for language in LANGUAGES:
            target = folder / f"{sample.stem}.{language}.toml"
            done = run(sekimori, language, "model", "import", sample, "--output", target)
            if done.returncode == 0:
                sound = run(sekimori, language, "model", "check", target)
                check(f"{sample.name} becomes a sound model ({language})", sound.returncode and sound.stderr)


def read_again(sekimori, written, folder):
    """Our own exports, read again, have as many components and flows."""
    for form in ["otm", "threat-dragon", "tm-bom"]:
        for path in written[form]:
            target = folder / f"again.{path.name}.toml"
            done = run(sekimori, "en", "model", "import", path, "--output", target)
            if done.returncode != 0:
                continue
            source = EXAMPLES.rglob(f"{path.name.split('.')[0]}/model.toml")
            was, now = next(source).read_text(encoding="utf-8"), target.read_text(encoding="utf-8")
            for section in ["component", "flow"]:
                header = f"[[{section}]]"
                same = was.count(f"\n{header}\n") == now.count(f"\n{header}\n")
                check(f"{path.name} read again: {section}s", None if same else "some are lost")


def main():
    sekimori, render, multitool, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    written = write(sekimori, folder)
    observed = observe(render, folder)
    readers = {"oscal": oscal, "cyclonedx": cyclonedx, "mud": mud}
    readers.update({form: by_schema(form) for form in SCHEMAS})
    for form, problem in readers.items():
        for path in written[form] + observed.get(form, []):
            check(path.relative_to(folder), problem(path))
    wrong = damaged(folder)
    paths = written["sarif"] + observed["sarif"] + [wrong["sarif"]]
    said = sarif(multitool, paths)
    for path in written["sarif"] + observed["sarif"]:
        check(path.relative_to(folder), said[path])
    for path in written["sarif"]:
        check(f"places of {path.name}", places(path))
    refused("damaged.sarif.json", said[wrong["sarif"]])
    for form, problem in readers.items():
        refused(wrong[form].name, problem(wrong[form]))
    read_samples(sekimori, folder)
    read_again(sekimori, written, folder)
    if failures:
        sys.exit(f"foreign: {len(failures)} checks did not hold")


if __name__ == "__main__":
    main()
