#include "backends/select/descriptor_sets.hpp"

#include <algorithm>

namespace polymux {
namespace {

using Word = DescriptorSets::Word;

std::size_t word_of(int fd) noexcept {
  return static_cast<std::size_t>(fd) / DescriptorSets::bits;
}
Word bit_of(int fd) noexcept {
  return Word{1} << (static_cast<std::size_t>(fd) % DescriptorSets::bits);
}

void assign(Word& word, Word bit, bool is_set) noexcept {
  word = is_set ? word | bit : word & ~bit;
}

}  // namespace

void DescriptorSets::reserve(int fd) {
  const auto needed = word_of(fd) + 1;
  if (needed <= words()) return;
  // In steps of an fd_set: a kernel may read whole ones.
  constexpr std::size_t step = FD_SETSIZE / bits;
  const auto size = (needed + step - 1) / step * step;
  for (auto* set : {&write_, &except_, &read_}) set->resize(size);
}

void DescriptorSets::set(int fd, Bits wanted) noexcept {
  const auto word = word_of(fd);
  const auto bit = bit_of(fd);
  assign(read_[word], bit, wanted.read);
  assign(write_[word], bit, wanted.write);
  assign(except_[word], bit, wanted.except);
}

DescriptorSets::Bits DescriptorSets::get(int fd) const noexcept {
  const auto words = at(word_of(fd));
  const auto bit = bit_of(fd);
  return {(words.read & bit) != 0, (words.write & bit) != 0, (words.except & bit) != 0};
}

void DescriptorSets::copy(const DescriptorSets& other, std::size_t count) noexcept {
  std::copy_n(other.read_.begin(), count, read_.begin());
  std::copy_n(other.write_.begin(), count, write_.begin());
  std::copy_n(other.except_.begin(), count, except_.begin());
}

}  // namespace polymux
