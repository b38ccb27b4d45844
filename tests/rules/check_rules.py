#!/usr/bin/env python3
"""Every rule of the contract has a conformance test, and every conformance test names its rule.

usage: check_rules.py CONTRACT FOLDER

A rule is a heading of CONTRACT, `### ADD-3 Title`. A test of FOLDER/*.cpp begins with the id of its
rule, written as a word: TEST_P(AddRules, Add3RegularFileIsRefused). Prints one line for each
violation and exits 1 if there was any.
"""

import re
import sys
from pathlib import Path

RULE = re.compile(r"^###\s+([A-Z]+-\d+)\b\s*(.*)$")
TEST = re.compile(r"\b(?:TYPED_TEST|TEST)(?:_[FP])?\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)")
NAME = re.compile(r"^([A-Z][a-z]+)(\d+)(?=[A-Z])")


def read_rules(contract):
    """The rules, each with the line that states it; and what is wrong with the headings."""
    rules, found = {}, []
    for number, line in enumerate(contract.read_text(encoding="utf-8").splitlines(), 1):
        match = RULE.match(line)
        if not match:
            continue
        rule, title = match.groups()
        if rule in rules:
            found.append(f"{contract.name}:{number}: {rule} is stated already in line {rules[rule]}")
        if not title:
            found.append(f"{contract.name}:{number}: {rule} has no title")
        rules.setdefault(rule, number)
    if not rules:
        found.append(f"{contract.name}: no rule found; a rule is a line '### ADD-3 Title'")
    return rules, found


def read_tests(folder):
    """Every test: its place and its name."""
    for path in sorted(folder.glob("*.cpp")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"//[^\n]*", "", text)
        for match in TEST.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            yield f"{path.name}:{number}", match.group(2)


def rule_of(test):
    """ADD-3 for Add3RegularFileIsRefused; None if the name does not begin with an id."""
    match = NAME.match(re.sub("^DISABLED_", "", test))
    return f"{match.group(1).upper()}-{match.group(2)}" if match else None


def violations(contract, folder):
    if not contract.exists():
        return [f"{contract}: is missing"], 0, 0
    rules, found = read_rules(contract)
    tested, count = set(), 0
    for place, test in read_tests(folder):
        count += 1
        rule = rule_of(test)
        if rule is None:
            found.append(f"{place}: {test} does not begin with the id of a rule, as Add3... does")
        elif rule not in rules:
            found.append(f"{place}: {test}: {contract.name} has no rule {rule}")
        elif not test.startswith("DISABLED_"):
            tested.add(rule)
    found += [f"{contract.name}:{line}: {rule} has no test"
              for rule, line in rules.items() if rule not in tested]
    return found, len(rules), count


def main(arguments):
    if len(arguments) != 2:
        print("usage: check_rules.py CONTRACT FOLDER", file=sys.stderr)
        return 2
    found, rules, tests = violations(Path(arguments[0]), Path(arguments[1]))
    for violation in found:
        print(violation)
    print(f"{rules} rules, {tests} tests, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
