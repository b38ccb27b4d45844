class Polymux < Formula
  desc "One interface and one behaviour over every readiness multiplexer of Unix"
  homepage "https://polymux.invalid/"
  url "https://polymux.invalid/polymux-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "BSD-3-Clause"

  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "nlohmann-json" => :build
  depends_on "pkgconf" => :build
  depends_on "fmt"
  depends_on "libevent"
  depends_on "spdlog"

  uses_from_macos "python" => :build

  on_linux do
    depends_on "liburing"
  end

  def install
    args = %w[
      -DPOLYMUX_BUILD_TESTS=OFF
      -DPOLYMUX_BUILD_CONFORMANCE=OFF
      -DPOLYMUX_BUILD_BENCH=OFF
    ]
    system "cmake", "-S", ".", "-B", "build", *args, *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  service do
    run [opt_bin/"polymux", "serve", "--listen", "127.0.0.1:8055"]
    keep_alive true
  end

  test do
    (testpath/"test.cpp").write <<~CPP
      #include <polymux/polymux.hpp>
      int main() { return polymux::open_poller("poll") ? 0 : 1; }
    CPP
    system ENV.cxx, "-std=c++20", "test.cpp", "-I#{include}", "-L#{lib}", "-lpolymux", "-o", "test"
    system "./test"
    assert_match version.to_s, shell_output("#{bin}/polymux version")
  end
end
