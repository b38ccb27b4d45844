"""conan create ports/conan: makes a package of the tree that this recipe lies in."""

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.0"


class PolymuxConan(ConanFile):
    name = "polymux"
    version = "0.1.0"
    description = "One interface, one behaviour, over every readiness multiplexer of Unix"
    license = "BSD-3-Clause"
    topics = ("event-loop", "epoll", "kqueue", "io-uring", "poll")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "with_libevent": [True, False],
        "with_liburing": [True, False],
    }
    default_options = {"shared": False, "fPIC": True, "with_libevent": False, "with_liburing": False}

    @property
    def _tree(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "core/*", "platform/*", "backends/*", "docs/man/*"):
            copy(self, pattern, self._tree, self.export_sources_folder)

    def config_options(self):
        if self.settings.os != "Linux":
            del self.options.with_liburing

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        if self.options.with_libevent:
            self.requires("libevent/[>=2.1.12 <3]")
        if self.options.get_safe("with_liburing"):
            self.requires("liburing/[>=2.3 <3]")

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os == "Windows":
            raise ConanInvalidConfiguration("polymux is for Unix: it has no multiplexer of Windows")

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("APPS", "TESTS", "CONFORMANCE", "BENCH"):
            toolchain.cache_variables[f"POLYMUX_BUILD_{part}"] = False
        toolchain.cache_variables["POLYMUX_BACKEND_LIBEVENT"] = bool(self.options.with_libevent)
        toolchain.cache_variables["POLYMUX_BACKEND_IO_URING"] = bool(self.options.get_safe("with_liburing"))
        # An emulation that happens to be on the machine is not a dependency of the package.
        toolchain.cache_variables["POLYMUX_BACKEND_KQUEUE"] = self.settings.os != "Linux"
        toolchain.generate()
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        # Conan writes its own.
        for folder in ("lib/cmake", "lib/pkgconfig", "share"):
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "polymux")
        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "polymux::polymux")
        core.set_property("pkg_config_name", "polymux")
        core.libs = ["polymux"]
        if self.settings.os in ("Linux", "FreeBSD"):
            core.system_libs = ["pthread"]
        if self.options.with_libevent:
            core.requires.append("libevent::core")
        if self.options.get_safe("with_liburing"):
            core.requires.append("liburing::liburing")
        testing = self.cpp_info.components["testing"]
        testing.set_property("cmake_target_name", "polymux::testing")
        testing.set_property("pkg_config_name", "polymux-testing")
        testing.libs = ["polymux_testing"]
        testing.requires = ["core"]
