#!/usr/bin/env python3
"""Of api/list_api.py: what it sees of a header, what it does not, and what it cannot read."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "api"))
from list_api import Unreadable, list_header  # noqa: E402


def listed(text):
    return list_header("x.hpp", f"namespace polymux {{ {text} }}")


class What(unittest.TestCase):
    def test_functions_with_attributes_defaults_and_bodies(self):
        self.assertEqual(listed("[[nodiscard]] POLYMUX_API int f(int a = 1,\n const X& x = {}) noexcept;"),
                         ["polymux: [[nodiscard]] int f(int a = 1, const X& x = {}) noexcept"])
        self.assertEqual(listed("inline int f() { if (a) { return b[c[0]]; } return {}; } int g();"),
                         ["polymux: inline int f()", "polymux: int g()"])

    def test_templates_and_operators(self):
        self.assertEqual(listed("template <class T> requires A<T>\nT operator|(T a, T b) noexcept { return a; }"),
                         ["polymux: template<class T> requires A<T> T operator|(T a, T b) noexcept"])
        self.assertEqual(listed("class A { public: A& operator=(A&& a) noexcept { return *this; } int b(); };"),
                         ["polymux: class A", "polymux::A: A& operator=(A&& a) noexcept", "polymux::A: int b()"])
        self.assertEqual(listed("template <class T> concept C = requires(T t) { t.f(); }; int g();")[1:],
                         ["polymux: int g()"])

    def test_members_of_classes_by_their_access(self):
        self.assertEqual(listed("class A { int a; public: int b; protected: int c(); private: int d; };"),
                         ["polymux: class A", "polymux::A: int b", "polymux::A: protected int c()"])
        self.assertEqual(listed("struct A { std::vector<int> b{1, 2}; int c = 3; };"),
                         ["polymux: struct A", "polymux::A: std::vector<int> b{1, 2}", "polymux::A: int c = 3"])

    def test_what_no_user_can_name(self):
        self.assertEqual(listed("class A { class B { public: int c; }; friend class D; }; class E;"),
                         ["polymux: class A"])
        self.assertEqual(listed("/* int a(); */ // int b();\n"), [])
        self.assertEqual(listed("class A { friend bool operator==(A, A) = default; public: };"), ["polymux: class A"])

    def test_constructors_lose_their_initialisers(self):
        self.assertEqual(listed("struct A { explicit A(int a) noexcept : a_(a), b_{a} {} int f(); };")[1:],
                         ["polymux::A: explicit A(int a) noexcept", "polymux::A: int f()"])

    def test_order_and_numbers_of_enumerators(self):
        self.assertEqual(listed("enum class A : char { b = 1, c };"), ["polymux: enum class A : char{b = 1, c}"])

    def test_macros_without_what_they_stand_for(self):
        self.assertEqual(list_header("x.hpp", "#define A(b, c) \\\n  d\n#define E 1\n"),
                         ["#define A(b, c)", "#define E"])

    def test_what_ends_too_early_is_an_error(self):
        with self.assertRaisesRegex(Unreadable, "x.hpp"):
            listed("struct A { int f( };")


if __name__ == "__main__":
    unittest.main()
