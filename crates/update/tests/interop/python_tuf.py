#!/usr/bin/env python3
"""Checks with python-tuf that releases signed here are TUF, and the other way round.

Needs the packages of requirements.txt beside this file. Exits 0 when every check held, else 1
with the check that did not.

    python_tuf.py            checks the vectors in docs/formats/vectors
    python_tuf.py --write    writes release-python-tuf.json there again
"""

import datetime
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, Root, TargetFile, Targets

VECTORS = pathlib.Path(__file__).resolve().parents[4] / "docs" / "formats" / "vectors"
OURS = VECTORS / "release.json"
THEIRS = VECTORS / "release-python-tuf.json"


def signer(seed: int) -> CryptoSigner:
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32)))


def root(*seeds: int) -> Root:
    root = Root()
    for seed in seeds:
        root.add_key(signer(seed).public_key, "targets")
    return root


def check(what: str, held: bool) -> None:
    if not held:
        sys.exit(f"python-tuf: {what}: did not hold")
    print(f"python-tuf: {what}: held")


def believed(metadata: Metadata, root: Root) -> bool:
    try:
        root.verify_delegate("targets", metadata.signed_bytes, metadata.signatures)
        return True
    except UnsignedMetadataError:
        return False


def read_ours() -> None:
    text = OURS.read_bytes()
    metadata = Metadata[Targets].from_bytes(text)
    targets = metadata.signed
    check("our signature verifies", believed(metadata, root(1)))
    check("a stranger's key does not verify it", not believed(metadata, root(2)))
    changed = Metadata[Targets].from_bytes(text.replace(b'"counter":1', b'"counter":2'))
    check("a changed counter does not verify", not believed(changed, root(1)))
    check("version", targets.version == 2 and targets.spec_version == "1.0.31")
    expires = datetime.datetime(2027, 1, 1, tzinfo=datetime.timezone.utc)
    check("expiry", targets.expires == expires)
    extension = {"counter": 1, "product": "cold-store-sensor", "version": "1.0.0"}
    check("extension", targets.unrecognized_fields == {"sekimori": extension})
    check("files", sorted(targets.targets) == ["bin/agent", "etc/settings.toml"])
    agent = targets.targets["bin/agent"]
    check("a file", agent.length == 3 and agent.hashes == {"sha256": "07" * 32})
    check("the right to execute", agent.custom == {"executable": True})


def theirs() -> bytes:
    targets = Targets(version=3, spec_version="1.0.31")
    targets.expires = datetime.datetime(2027, 6, 1, tzinfo=datetime.timezone.utc)
    targets.unrecognized_fields["sekimori"] = {
        "counter": 2,
        "product": "cold-store-sensor",
        "version": "1.1.0",
    }
    executable = {"custom": {"executable": True, "note": "関守 \"quoted\" \\"}}
    targets.targets = {
        "etc/settings.toml": TargetFile.from_data("etc/settings.toml", b"interval = 5\n"),
        "bin/agent": TargetFile(5, {"sha256": "ab" * 32}, "bin/agent", executable),
    }
    metadata = Metadata(targets)
    metadata.sign(signer(1), append=True)
    metadata.sign(signer(2), append=True)
    return metadata.to_bytes() + b"\n"


def main() -> None:
    if sys.argv[1:] == ["--write"]:
        THEIRS.write_bytes(theirs())
        return
    read_ours()
    check("its own vector is what it writes", THEIRS.read_bytes() == theirs())


if __name__ == "__main__":
    main()
