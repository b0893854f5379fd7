"""Write the schema of pjsip.conf of one Asterisk: which object types and options it has, and what they take.

    .venv/bin/python scripts/make_pjsip_schema.py [--xml core-en_US.xml --major 20]

Without arguments it reads the documentation of the private Asterisk that set-up noted and writes
`provisioning/asterisk_conf/schemas/pjsip_<major>.json`.
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from provisioning.asterisk_conf.schema import SHIPPED, schema_from_xml  # noqa: E402
from provisioning.private_pbx import AsteriskBuild  # noqa: E402


def main() -> None:
    """Read the documentation, write the schema, say what was found."""
    parser = argparse.ArgumentParser(description="Write the schema of pjsip.conf of one Asterisk.")
    parser.add_argument("--xml", type=Path, help="core-en_US.xml of an Asterisk (default: the private one's)")
    parser.add_argument("--major", type=int, help="its major version (with --xml)")
    given = parser.parse_args()
    if given.xml is None:
        build = AsteriskBuild.from_note()
        xml, major = build.data_dir / "documentation" / "core-en_US.xml", int(re.split(r"\D", build.version)[0])
    elif given.major is None:
        parser.error("--xml needs --major")
    else:
        xml, major = given.xml, given.major
    schema = schema_from_xml(xml, major)
    SHIPPED.mkdir(exist_ok=True)
    path = SHIPPED / f"pjsip_{major}.json"
    path.write_text(schema.as_json(), "utf-8")
    counts = ", ".join(f"{name} {len(options)}" for name, options in sorted(schema.types.items()))
    print(f"{path.relative_to(ROOT)}: {counts}")


if __name__ == "__main__":
    main()
