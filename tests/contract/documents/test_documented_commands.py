"""The two READMEs say the same, stay short, and their picture exists; the document runner finds false statements."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.browser.readme_picture import PICTURE, PICTURE_BYTES_MAX
from tests.fixtures.documents.documents import ROOT, blocks, reader_environment, run_document, steps

README_LINES_MAX = 120
LINK = re.compile(r"\]\(([^)#\s]+)")


def commands(name: str) -> list[str]:
    return [block.text for block in blocks((ROOT / name).read_text())]


def test_both_readmes_have_the_same_commands_and_lead_to_the_same_places() -> None:
    # `make up` is run by tests/e2e/make_up/test_make_up.py, the stack's commands by tests/e2e/one_stack/test_path.py
    assert commands("README.md") == ["make up", "make secrets && docker compose up -d --wait"]
    assert commands("README.id.md") == commands("README.md")
    english, indonesian = (set(LINK.findall((ROOT / name).read_text())) for name in ("README.md", "README.id.md"))
    assert english - {"README.id.md"} == indonesian - {"README.md"}
    assert "README.id.md" in english
    assert "README.md" in indonesian
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES_MAX


def test_the_picture_is_a_small_png() -> None:
    content = PICTURE.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) <= PICTURE_BYTES_MAX


def test_the_licence_is_the_one_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0" in text
    assert "END OF TERMS AND CONDITIONS" in text


GUIDE = """
# A guide

## Start

### With Docker

```sh
word=docker
```

### Without Docker

```sh
word=plain
```

## Use

```sh
echo "it is $word"   # => it is plain
echo two words       # => two ... words
```

```ini
this is no command
```
"""


def run(text: str, folder: Path) -> int:
    document = folder / "guide.md"
    document.write_text(text)
    return run_document(document, folder, reader_environment(), folder)


def test_a_document_that_says_the_truth_passes(tmp_path: Path) -> None:
    assert run(GUIDE, tmp_path) == 2


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("# => it is plain", "# => it is docker"),  # prints something else
        ("echo two words ", "no-such-command; echo two words "),  # a command fails, though the output appears
        ("word=plain", "false"),  # fails where no output is stated
    ],
)
def test_a_document_that_does_not_is_named_with_its_line(tmp_path: Path, right: str, wrong: str) -> None:
    assert right in GUIDE
    with pytest.raises(AssertionError, match=r"guide\.md, line \d+"):
        run(GUIDE.replace(right, wrong), tmp_path)


def test_what_a_document_says_about_output_belongs_to_the_commands_before_it() -> None:
    (_, _, use, _) = blocks(GUIDE)
    assert [(step.prints, step.seconds) for step in steps(use)] == [("it is plain", 0), ("two ... words", 0)]
    [waiting] = steps(blocks("```sh\ncurl x\n# => within 60 s: ok\n```")[0])
    assert (waiting.commands, waiting.prints, waiting.seconds) == ("curl x\n# => within 60 s: ok", "ok", 60)
