"""What the plugins cost a build: MkDocs without and with the plugin, and the data files.

    python -m benchmarks.sites CLONE

CLONE is a clone of a repository with many Markdown articles. It is copied first. Each figure is
the CPU time of the whole process and its children, in seconds.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PLAIN = "site_name: x\ndocs_dir: {docs}\nplugins: []\n"
WITH = (
    "site_name: x\ndocs_dir: {docs}\nplugins:\n  - tracker:\n"
    "      base_url: https://example.org/\n      append: [changelog]\n"
)


def spent(folder: Path, *words: str) -> float:
    """Seconds of CPU that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = Path(sys.executable).with_name(words[0])
    subprocess.run([program, *words[1:]], cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    source = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "site"
        shutil.copytree(source, folder, symlinks=True)
        shutil.rmtree(folder / ".git" / "tracker", ignore_errors=True)
        docs = next(
            name for name in ("content", "_posts", "docs", "posts") if (folder / name).is_dir()
        )
        (folder / "mkdocs.yml").write_text(PLAIN.format(docs=docs))
        (folder / "with.yml").write_text(WITH.format(docs=docs))
        build = ("mkdocs", "build", "-q")
        print(f"mkdocs without the plugin     {spent(folder, *build):6.1f} s")
        cold = spent(folder, *build, "-f", "with.yml")
        pages = sum(
            "tracker-changelog" in page.read_text() for page in (folder / "site").rglob("*.html")
        )
        print(f"with it, nothing remembered   {cold:6.1f} s   {pages} pages with a changelog")
        print(f"with it, the second time      {spent(folder, *build, '-f', 'with.yml'):6.1f} s")
        shutil.rmtree(folder / ".git" / "tracker", ignore_errors=True)
        export = ("tracker", "export", "--format", "data", "--to", "data")
        print(f"export of data, first         {spent(folder, *export):6.1f} s")
        print(f"export of data, second        {spent(folder, *export):6.1f} s")
        print(f"load of the machine           {os.getloadavg()[0]:6.1f}")


if __name__ == "__main__":
    main()
