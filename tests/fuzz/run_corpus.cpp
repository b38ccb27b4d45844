// Stands in for libFuzzer in ordinary builds: gives each file of the folders that are named to the
// target, and fails if there is none.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  for (int index = 1; index < argc; ++index) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[index])) {
      const auto bytes = read_file(entry.path());
      // The last name that was printed is that of the one that failed.
      std::cout << entry.path().filename().string() << "\n" << std::flush;
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      ++count;
    }
  }
  if (count == 0) std::cerr << "usage: " << argv[0] << " FOLDER...; no file was found\n";
  return count == 0 ? 1 : 0;
}
