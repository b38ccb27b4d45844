"""Blocks of data: a file of options is given to the command, the rest is parsed."""

import configparser
import json
import re

from outcome import Outcome, Wrong
from places import ADDRESS
from processes import Background


def any_ports(test, text):
    return ADDRESS.sub(r"\g<host>:0", test.places.put(text))


def check_toml(test, block):
    """What `polymux serve --config` takes, where its addresses are free ones of this test."""
    path = test.work / f"options_{block.line}.toml"
    path.write_text(any_ports(test, block.text), encoding="utf-8")
    server = Background([test.polymux, "serve", "--config", path], test.work, test.environment)
    test.clean_up(server)
    server.first_line()
    status, _ = server.end()
    if status != 0:
        raise Wrong(f"polymux serve --config ends with {status}: {server.log()}")
    return Outcome("run", "polymux serve --config")


def check_json(_test, block):
    try:
        json.loads(block.text)
    except ValueError as error:
        raise Wrong(f"is no JSON: {error}") from error
    return Outcome("parsed")


def check_ini(_test, block):
    """Units of systemd too: their keys may come more than once."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    try:
        parser.read_string(block.text)
    except configparser.Error as error:
        raise Wrong(f"cannot be parsed: {error}") from error
    if not parser.sections():
        raise Wrong("has no section")
    if not all(re.match(r"^[A-Z]\w*$", name) for name in parser.sections()):
        raise Wrong(f"has odd sections: {parser.sections()}")
    return Outcome("parsed")
