#pragma once

namespace polymux {

class ConnectionList;

/// What makes a `Connection` a member of one `ConnectionList`.
class ConnectionHook {
 public:
  ConnectionHook() = default;
  ConnectionHook(const ConnectionHook&) = delete;
  ConnectionHook& operator=(const ConnectionHook&) = delete;

 protected:
  ~ConnectionHook() = default;

 private:
  friend class ConnectionList;

  ConnectionHook* previous_ = this;
  ConnectionHook* next_ = this;
};

/// A ring of connections that owns nothing and allocates nothing: an element can be moved to the
/// end of any list, or out of all, in a few instructions and without knowing where it is.
class ConnectionList final : private ConnectionHook {
 public:
  ConnectionList() = default;

  [[nodiscard]] bool empty() const noexcept { return next_ == this; }

  /// There must be one.
  [[nodiscard]] ConnectionHook& front() const noexcept { return *next_; }

  /// Puts `element` last, out of the list that it is in.
  void push_back(ConnectionHook& element) noexcept {
    take_out(element);
    element.previous_ = previous_;
    element.next_ = this;
    previous_->next_ = &element;
    previous_ = &element;
  }

  /// Takes `element` out of the list that it is in, if any.
  static void unlink(ConnectionHook& element) noexcept {
    take_out(element);
    element.previous_ = &element;
    element.next_ = &element;
  }

  // Its own links stay as they were.
  static void take_out(ConnectionHook& element) noexcept {
    element.previous_->next_ = element.next_;
    element.next_->previous_ = element.previous_;
  }

  /// Calls `visit` for each, the last one first, until it returns false.
  template <class Visitor>
  void for_each_from_last(Visitor visit) {
    for (auto* hook = previous_; hook != this && visit(*hook); hook = hook->previous_) {
    }
  }

  /// Calls `visit` for each; it may move or unlink the one that it is given.
  template <class Visitor>
  void for_each(Visitor visit) {
    for (auto* hook = next_; hook != this;) {
      auto& element = *hook;
      hook = hook->next_;
      visit(element);
    }
  }
};

}  // namespace polymux
