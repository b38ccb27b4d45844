#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "client.hpp"
#include "datagram_number.hpp"
#include "random.hpp"

namespace load {

/// A socket of UDP. Answers come in any order, twice, late or not at all.
class DatagramClient final : public Client {
 public:
  DatagramClient(Worker& worker, std::uint64_t number);

  void open(Instant now) override;
  [[nodiscard]] bool has_room() const noexcept override { return is_well_ && !free_.empty(); }
  void ask(Instant since, Instant now) override;
  void flush(Instant now) override;
  void greet(Instant now) override;
  void sweep(Instant now) override;
  void give_up(Failure why) override;
  [[nodiscard]] bool is_open() const noexcept override { return is_active(); }

 private:
  struct Slot {
    /// Of the datagram that waits here.
    std::uint64_t number = 0;
    std::uint64_t size = 0;
    Instant since{};
    Instant asked{};
    bool is_waiting = false;
  };

  void on_ready(polymux::Ready ready) override;
  void receive(std::span<const char> answer, Instant now);
  [[nodiscard]] bool is_right(const Slot& slot, std::span<const char> answer);
  void send(const Slot& slot);
  void release(Slot& slot);
  void fail_all(const std::error_code& error);

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  Random random_;
  std::uint64_t sent_ = 0;
  bool is_well_ = false;
};

}  // namespace load
