"""Who completes for the model that is told of completions, and what it does where that one is not to be had."""

import ctypes
import errno
import struct
import sys
import unittest

import e2e_support as e2e

_SYS_IO_URING_SETUP = 425  # On every processor.


def forbid_io_uring():
    """For the child: a sandbox in which io_uring_setup(2) is not implemented (seccomp(2))."""
    e2e.die_with_parent()
    load, jump_if_equal, give = 0x20, 0x15, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.ENOSYS
    program = b"".join(struct.pack("HBBI", *step) for step in (
        (load, 0, 0, 0), (jump_if_equal, 0, 1, _SYS_IO_URING_SETUP), (give, 0, 0, refuse),
        (give, 0, 0, allow)))
    steps = ctypes.create_string_buffer(program)
    whole = ctypes.create_string_buffer(struct.pack("HP", 4, ctypes.addressof(steps)))
    pr_set_seccomp, pr_set_no_new_privs, mode_filter = 22, 38, 2
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((pr_set_no_new_privs, 1, 0), (pr_set_seccomp, mode_filter,
                                                ctypes.addressof(whole))):
        if libc.prctl(words[0], *(ctypes.c_ulong(word) for word in (*words[1:], 0, 0))):
            raise OSError(ctypes.get_errno(), "prctl")


class WithoutUring(unittest.TestCase):
    RUNS_ONCE = True

    def setUp(self):
        if not sys.platform.startswith("linux"):
            self.skipTest("elsewhere there is no io_uring that could be forbidden")

    def test_proactor_without_io_uring_is_simulated_and_says_so(self):
        server = e2e.Server(self, "--model", "proactor", prepare=forbid_io_uring)
        self.assertTrue(server.serves())
        server.stop(expect_silence=False)
        self.assertIn("--proactor simulated, for io_uring cannot be used here", server.stderr())

    def test_proactor_uring_is_refused_without_io_uring(self):
        server = e2e.Process(self, ["serve", "--model", "proactor", "--proactor", "uring",
                                    "--listen", "127.0.0.1:0"], prepare=forbid_io_uring)
        self.assertEqual(server.wait(), 1)
        self.assertIn("--proactor uring cannot be used here", server.stderr())
        self.assertIn("--proactor simulated", server.stderr())


class Aio(unittest.TestCase):
    RUNS_ONCE = True

    def test_proactor_aio_has_as_many_clients_as_threads(self):
        server = e2e.Process(self, ["serve", "--model", "proactor", "--proactor", "aio",
                                    "--max-connections", "513", "--listen", "127.0.0.1:0"])
        self.assertEqual(server.wait(), 2)
        self.assertIn("--max-connections 513", server.stderr())
        self.assertIn("at most 512", server.stderr())


class Ways(unittest.TestCase):
    RUNS_ONCE = True

    def test_proactor_that_is_none_is_refused(self):
        for arguments, said in (
                (["--model", "proactor", "--proactor", "windows"], "{uring,"),
                (["--model", "proactor", "--proactor", ""], "{uring,"),
                (["--proactor", "simulated"], "--proactor is not for the model 'reactor', but for: "
                                              "proactor")):
            with self.subTest(arguments=arguments):
                server = e2e.Process(self, ["serve", *arguments, "--listen", "127.0.0.1:0"])
                self.assertEqual(server.wait(), 2)
                self.assertIn(said, server.stderr())
