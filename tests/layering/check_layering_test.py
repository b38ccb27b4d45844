#!/usr/bin/env python3
"""check_layering.py finds what it should find, and nothing else."""

import tempfile
import unittest
from pathlib import Path

import check_layering

HEADERS = "set(polymux_public_headers\n  polymux.hpp\n  poller/event.hpp\n)\n"
GOOD = {
    "core/CMakeLists.txt": HEADERS,
    "core/poller/event.hpp": "#include <vector>\n",
    "core/poller/deadline.hpp": "#include <polymux/poller/event.hpp>  // poll(2) takes an int\n",
    "core/poller/registry.cpp": '#include "backend_list.hpp"\n',
    "core/loop/event_loop.cpp": '#include "platform/clock.hpp"\n',
    "backends/epoll/epoll_poller.cpp":
        '#include <sys/epoll.h>\n#include "backends/support/table.hpp"\n',
    "backends/poll/poll_poller.cpp": "#include <poll.h>\n#include <polymux/poller/event.hpp>\n",
    "backends/support/table.hpp": '#include "platform/clock.hpp"\n',
    "platform/clock.hpp": "#include <time.h>\n",
    "apps/polymux/main.cpp": '#include "apps/polymux/serve.hpp"\n#include "serve.hpp"\n',
    "apps/polymux/serve.hpp": "#include <CLI/CLI.hpp>\n#include <polymux/poller/event.hpp>\n",
    "tests/conformance/add.cpp": '#include "tests/support/pairs.hpp"\n',
    "tests/support/pairs.hpp": "",
}


class Layering(unittest.TestCase):
    def check(self, changes):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GOOD, **changes}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check_layering.violations(folder)[0]

    def assert_one(self, file, text, expected):
        found = self.check({file: text})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(file + ":"), found)
        self.assertIn(expected, found[0])

    def test_a_good_tree_has_no_violation(self):
        self.assertEqual(self.check({}), [])

    def test_an_empty_tree_is_not_taken_for_a_good_one(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(len(check_layering.violations(folder)[0]), 1)

    def test_poller_takes_the_standard_library_only(self):
        self.assert_one("core/poller/x.cpp", "#include <unistd.h>\n", "<unistd.h>")
        self.assert_one("core/poller/x.cpp", '#include "platform/clock.hpp"\n', "platform")
        self.assert_one("core/poller/x.cpp", "#include <polymux/loop/timer.hpp>\n", "core/loop")

    def test_only_the_registry_reads_the_list(self):
        self.assert_one("core/loop/x.cpp", '#include "generated/backend_list.hpp"\n', "registry")

    def test_loop_knows_no_service_and_service_no_model(self):
        self.assert_one("core/loop/x.cpp", "#include <polymux/service/a.hpp>\n", "core/service")
        self.assert_one("core/service/x.cpp", "#include <polymux/models/a.hpp>\n", "core/models")

    def test_faults_know_the_poller_alone(self):
        self.assert_one("core/testing/x.cpp", "#include <polymux/loop/a.hpp>\n", "core/loop")
        self.assert_one("core/testing/x.cpp", '#include "platform/clock.hpp"\n', "platform")
        self.assertEqual(
            self.check({"core/testing/x.cpp": "#include <polymux/poller/event.hpp>\n"}), [])

    def test_a_backend_knows_no_other_and_no_loop(self):
        found = self.check({"backends/poll/x.cpp": '#include "backends/epoll/epoll_poller.cpp"\n'})
        self.assertEqual(len(found), 1, found)
        self.assert_one("backends/poll/x.cpp", "#include <polymux/loop/a.hpp>\n", "core/loop")
        self.assert_one("backends/support/x.cpp", '#include "backends/poll/poll_poller.cpp"\n',
                        "backends/poll")

    def test_platform_knows_values_only(self):
        self.assertEqual(self.check({"platform/a.hpp": "#include <polymux/poller/event.hpp>\n"}), [])
        self.assert_one("platform/a.hpp", "#include <polymux/poller/poller.hpp>\n", "poller.hpp")
        self.assert_one("platform/a.hpp", '#include "backends/support/table.hpp"\n', "backends")

    def test_the_command_and_the_suite_take_installed_headers_only(self):
        for folder in ("apps/polymux", "tests/conformance"):
            self.assert_one(f"{folder}/x.cpp", "#include <polymux/poller/deadline.hpp>\n",
                            "installed")
            self.assert_one(f"{folder}/x.cpp", '#include "core/poller/event.hpp"\n', "installed")
            self.assert_one(f"{folder}/x.cpp", '#include "platform/clock.hpp"\n', "platform")

    def test_the_header_of_epoll_is_included_once(self):
        text = "#include <sys/epoll.h>\n"
        self.assert_one("backends/poll/poll_poller.cpp", text, "already included")
        found = self.check({"backends/epoll/epoll_poller.cpp": "", "backends/epoll/x.hpp": text})
        self.assertEqual(len(found), 1, found)
        self.assertIn("in a .cpp", found[0])
        self.assertEqual(self.check({"platform/a.cpp": text}), [])
        self.assert_one("apps/polymux/x.cpp", text, "backends")

    def test_conditions_on_the_system_stay_out(self):
        for line in ("#ifdef __linux__\n", "#if defined(__APPLE__) && 1\n", "# elif __FreeBSD__\n"):
            self.assert_one("core/loop/x.cpp", line, "belongs to platform")
            self.assert_one("apps/polymux/x.cpp", line, "belongs to platform")
        self.assertEqual(self.check({"platform/a.cpp": "#ifdef __linux__\n"}), [])

    def test_core_names_no_backend(self):
        self.assert_one("core/loop/x.cpp", 'open_poller("epoll");\n', "backend epoll")
        self.assert_one("core/loop/x.cpp", "EpollPoller poller;\n", "backend epoll")
        harmless = "// epoll\n/* poll\n */ int pollable = 1'000'000; // poll\n"
        self.assertEqual(self.check({"core/loop/x.cpp": harmless}), [])

    def test_the_probe_knows_nothing_of_polymux(self):
        probe = "apps/polymux/probe/kinds/x.cpp"
        self.assertEqual(self.check({
            "apps/polymux/probe/kind.hpp": "#pragma once\n",
            probe: '#include <sys/epoll.h>\n#include "apps/polymux/probe/kind.hpp"\n'}), [])
        self.assert_one(probe, "#include <polymux/poller/event.hpp>\n", "apps/polymux/probe")
        self.assert_one(probe, '#include "platform/unique_fd.hpp"\n', "platform/unique_fd.hpp")

    def test_the_command_may_use_the_probe(self):
        self.assertEqual(self.check({
            "apps/polymux/probe/kind.hpp": "#pragma once\n",
            "apps/polymux/probe_command.cpp": '#include "probe/kind.hpp"\n'}), [])

    def test_an_include_of_nothing_is_a_violation(self):
        self.assert_one("platform/x.cpp", '#include "missing.hpp"\n', "missing.hpp")


if __name__ == "__main__":
    unittest.main()
