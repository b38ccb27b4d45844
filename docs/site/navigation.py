"""A hook of MkDocs: the navigation of mkdocs.yml, held against the pages that there are."""

from pathlib import Path

# Sections that have every page of a folder.
FOLDERS = {"Examples": "examples/**/*.md", "Systems": "ports/**/*.md"}


def present(entries, pages, named):
    """The entries whose pages exist. Notes in `named` which pages these are."""
    kept = []
    for entry in entries:
        title, target = next(iter(entry.items())) if isinstance(entry, dict) else (None, entry)
        if isinstance(target, list):
            inside = present(target, pages, named)
            if inside:
                kept.append({title: inside})
        elif (pages / target).is_file():
            named.add(target)
            kept.append(entry)
    return kept


def on_config(config):
    pages = Path(config["docs_dir"])
    for entry in config["nav"]:
        for title in entry.keys() & FOLDERS.keys():
            entry[title] = sorted(str(page.relative_to(pages)) for page in pages.glob(FOLDERS[title]))
    named = set()
    navigation = present(config["nav"], pages, named)
    others = sorted(str(page.relative_to(pages)) for folder in ("", "docs") for page in (pages / folder).glob("*.md"))
    others = [page for page in others if page not in named]
    if others:
        navigation.append({"More": others})
    config["nav"] = navigation
    return config
