#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tests/differential/contract.hpp"
#include "tests/differential/files.hpp"
#include "tests/differential/operation.hpp"
#include "tests/support/descriptors.hpp"

namespace polymux::differential {

/// The descriptors of a sequence, in the kernel and in the model at once.
class World {
 public:
  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  /// A step that concerns descriptors alone. Returns a complaint if the kernel does what the model
  /// does not know.
  [[nodiscard]] std::string perform(const Operation& operation);
  /// Whether the step would end what the number of its place means.
  [[nodiscard]] bool will_change_number(const Operation& operation) const;
  /// The poller may keep the file of the place open.
  void hold(Place place) { files_.hold(at(place).file); }
  /// The files that steps have changed since the last call.
  [[nodiscard]] std::vector<Files::Id> take_changed_files() { return std::exchange(changed_, {}); }

  /// The number that the place has, or had last; negative if it never had one.
  [[nodiscard]] int number(Place place) const { return at(place).number; }
  [[nodiscard]] bool is_open(Place place) const { return static_cast<bool>(at(place).fd); }
  [[nodiscard]] Meaning meaning_of(int number) const;
  /// True if the number is open and none of ours: the poller's own, by now.
  [[nodiscard]] bool is_strangers(int number) const;
  [[nodiscard]] const Files& files() const { return files_; }
  /// What is played to takes the errors of sockets from their owner.
  void let_errors_be_taken() { files_.let_errors_be_taken(); }

  struct Watched {
    int number = -1;
    Files::Id file = Files::none;
  };
  /// Waits, with a bound, until poll(2) says what the model says must be. Returns a complaint if
  /// that does not come, or if more holds than the model knows of.
  [[nodiscard]] std::string settle(std::span<const Watched> watched) const;

 private:
  struct Slot {
    test::Fd fd;
    int number = -1;
    Files::Id file = Files::none;
  };

  [[nodiscard]] Slot& at(Place place) { return slots_.at(place.index); }
  [[nodiscard]] const Slot& at(Place place) const { return slots_.at(place.index); }
  /// The directions that the file is not open for.
  [[nodiscard]] Ready closed_to(Files::Id file) const;
  void put(Place place, test::Fd fd, Files::Id file);
  void mark_changed(Files::Id file);

  void open(int channel, Kind kind);
  void open_fifo_again(int channel);
  void connect(int channel);
  void accept(int channel);
  void duplicate(Place place);
  void replace(Place place, Place by);
  void close(Place place);
  [[nodiscard]] std::string drain(Slot& slot);
  void send_urgent(Slot& slot);
  void take_urgent(Slot& slot);
  void reset(Place place);

  Files files_;
  std::array<Slot, places> slots_;
  std::map<int, Files::Id> meanings_;
  std::vector<Files::Id> changed_;
};

}  // namespace polymux::differential
