#pragma once

#include <sys/select.h>

#include <bit>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace polymux {

/// The three sets of select(2) for any number of descriptors. `fd_set` ends at FD_SETSIZE and
/// FD_SET writes past it; the kernels of Linux, the BSDs and macOS take sets of any size, as
/// arrays of words with bit n of word m for descriptor m * bits + n (select(2), NOTES).
class DescriptorSets {
 public:
  /// A long on Linux and FreeBSD, 32 bits elsewhere, which big-endian machines tell apart.
  using Word = std::make_unsigned_t<std::remove_all_extents_t<decltype(fd_set::fds_bits)>>;
  static constexpr std::size_t bits = sizeof(Word) * 8;

  /// The three bits of one descriptor.
  struct Bits {
    bool read = false;
    bool write = false;
    bool except = false;
  };

  /// One word of each set: the descriptors from `bits * index` on.
  struct Words {
    Word read = 0;
    Word write = 0;
    Word except = 0;

    [[nodiscard]] Word any() const noexcept { return read | write | except; }
  };

  /// Makes room for `fd`. Throws `std::bad_alloc`.
  void reserve(int fd);

  /// There must be room for `fd`.
  void set(int fd, Bits wanted) noexcept;

  [[nodiscard]] Bits get(int fd) const noexcept;
  [[nodiscard]] std::size_t words() const noexcept { return read_.size(); }
  [[nodiscard]] Words at(std::size_t word) const noexcept {
    return {read_[word], write_[word], except_[word]};
  }

  /// The first word in [from, to) with a bit set in any of the sets, else `to`.
  [[nodiscard]] std::size_t next_used(std::size_t from, std::size_t to) const noexcept {
    const auto* const read = read_.data();
    const auto* const write = write_.data();
    const auto* const except = except_.data();
    while (from < to && (read[from] | write[from] | except[from]) == 0) ++from;
    return from;
  }

  /// Takes over what is set in `other`, up to word `count`. There must be room.
  void copy(const DescriptorSets& other, std::size_t count) noexcept;

  /// As select(2) wants them. Null if there is nothing in `except`, which costs it time.
  [[nodiscard]] fd_set* read() noexcept { return as_fd_set(read_); }
  [[nodiscard]] fd_set* write() noexcept { return as_fd_set(write_); }
  [[nodiscard]] fd_set* except() noexcept { return as_fd_set(except_); }

 private:
  static fd_set* as_fd_set(std::vector<Word>& set) noexcept {
    return reinterpret_cast<fd_set*>(set.data());
  }

  std::vector<Word> read_;
  std::vector<Word> write_;
  std::vector<Word> except_;
};

}  // namespace polymux
