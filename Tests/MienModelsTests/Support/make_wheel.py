"""Writes mientestmodel-VERSION-py3-none-any.whl with the file data/model.bin into a folder: FOLDER VERSION CONTENT-FILE."""
import pathlib
import sys
import zipfile

folder, version, content = sys.argv[1:]
information = f"mientestmodel-{version}.dist-info"
with zipfile.ZipFile(pathlib.Path(folder) / f"mientestmodel-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
    wheel.write(content, "mientestmodel/data/model.bin")
    wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: mientestmodel\nVersion: {version}\n")
    wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{information}/RECORD", "")
