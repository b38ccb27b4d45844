#include "subject.hpp"

#include <utility>

namespace probe {

Subject::Subject(Descriptor near, Descriptor far) : near_(near.get()), far_(far.get()) {
  keep(std::move(near));
  keep(std::move(far));
}

Subject::~Subject() {
  while (!undo_.empty()) {
    undo_.back()(*this);
    undo_.pop_back();
  }
}

int Subject::keep(Descriptor descriptor) {
  kept_.push_back(std::move(descriptor));
  return kept_.back().get();
}

void Subject::close(int number) {
  std::erase_if(kept_, [number](const Descriptor& kept) { return kept.get() == number; });
}

}  // namespace probe
