"""Blocks of C++: whole programs are compiled, linked and run, fragments compiled in a stated wrapper."""

import re
import signal

from outcome import Outcome, Wrong
from processes import SECONDS, Background, run
from shown import differs

PLACE = "// The block."


def escaped(text):
    return text.replace("\\n", "\n")


def is_program(block):
    return re.search(r"^int main\(", block.text, re.M) is not None


def in_wrapper(block, folder):
    """The wrapper's text around the block, whose own #includes come first."""
    name = block.marks.get("wrapper")
    names = sorted(path.stem for path in folder.glob("*.cpp"))
    if not name:
        raise Wrong("this is a fragment: mark it with `wrapper NAME`, where NAME is one of " + ", ".join(names))
    if name not in names:
        raise Wrong(f"there is no wrapper {name}, but {', '.join(names)}")
    lines = block.text.split("\n")
    includes = [line for line in lines if line.startswith("#include")]
    rest = ["" if line.startswith("#include") else line for line in lines]
    before, found, after = (folder / f"{name}.cpp").read_text(encoding="utf-8").partition(PLACE)
    if not found:
        raise Wrong(f"the wrapper {name} does not say where the block goes: '{PLACE}'")
    return "\n".join(includes) + f"\n{before}\n#line {block.line} \"{block.page}\"\n" + "\n".join(rest) + after


def compile_with(test, options, what):
    status, said = run([test.compiler, "-std=c++20", *test.warnings, *test.flags, *options], test.work)
    if status != 0:
        raise Wrong(f"{what}:\n{said}")


def check(test, block):
    source = test.work / f"block_{block.line}.cpp"
    if not is_program(block):
        source.write_text(in_wrapper(block, test.wrappers), encoding="utf-8")
        # Private headers too, as what a wrapper has from the tree.
        compile_with(test, ["-fsyntax-only", f"-I{test.source}", *test.pkg_config("--cflags", "polymux"), source],
                     "does not compile")
        return Outcome("compiled", f"in wrapper {block.marks['wrapper']}")
    source.write_text(f"#line {block.line} \"{block.page}\"\n{block.text}", encoding="utf-8")
    program = source.with_suffix("")
    package = "polymux-conformance" if "polymux/conformance.hpp" in block.text else "polymux"
    compile_with(test, [source, "-o", program, *test.link_with(package)], "does not compile and link")
    return run_program(test, block, program)


def run_program(test, block, program):
    marks = block.marks
    if "ends-by" in marks:
        background = Background([program], test.work, test.environment)
        test.clean_up(background)
        said = background.first_line()
        background.process.send_signal(getattr(signal, marks["ends-by"]))
        status, rest = background.end()
        said += rest
    else:
        status, said = run([program, *marks.get("args", "").split()], test.work, test.environment, escaped(marks.get("input", "")), SECONDS)
    if status != 0:
        raise Wrong(f"ends with {status}:\n{said}")
    test.last_output = said
    if "prints" in marks:
        wrong = differs(escaped(marks["prints"]), said, "numbers" in marks)
        if wrong:
            raise Wrong(wrong)
    return Outcome("run", "compiled, linked and run" + (", its output compared" if "prints" in marks else ""))
