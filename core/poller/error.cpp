#include <polymux/poller/error.hpp>

#include <string>

namespace polymux {
namespace {

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "polymux"; }

  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::bad_descriptor:
        return "the number is not an open descriptor";
      case Errc::already_registered:
        return "the descriptor is registered already; change it with modify";
      case Errc::not_registered:
        return "the descriptor is not registered with this poller; add it first";
      case Errc::not_pollable:
        return "this kind of file has no readiness to wait for (a regular file, a directory, "
               "/dev/null); read and write it directly";
      case Errc::wrong_direction:
        return "the descriptor is not open for the direction asked for";
      case Errc::not_supported:
        return "the backend cannot do this; its Capabilities tell what it can";
      case Errc::refused_by_backend:
        return "this system's multiplexer cannot wait for this descriptor; another backend can: "
               "ask "
               "waitable";
      case Errc::descriptor_too_large:
        return "the number is greater than Capabilities::greatest_fd; choose another backend";
      case Errc::invalid_argument:
        return "an argument is outside its range (an empty buffer, an unknown flag)";
      case Errc::used_after_fork:
        return "the poller was opened by another process; open one after fork";
      case Errc::unknown_backend:
        return "there is no backend of this name";
      case Errc::backend_unavailable:
        return "the backend cannot be used on this system";
    }
    return "unknown error " + std::to_string(value);
  }

  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<Errc>(value)) {
      case Errc::bad_descriptor:
        return std::errc::bad_file_descriptor;
      case Errc::already_registered:
        return std::errc::file_exists;
      case Errc::not_registered:
        return std::errc::no_such_file_or_directory;
      case Errc::not_pollable:
      case Errc::used_after_fork:
        return std::errc::operation_not_permitted;
      case Errc::wrong_direction:
        return std::errc::permission_denied;
      case Errc::not_supported:
      case Errc::refused_by_backend:
        return std::errc::not_supported;
      case Errc::descriptor_too_large:
        return std::errc::value_too_large;
      case Errc::invalid_argument:
        return std::errc::invalid_argument;
      case Errc::unknown_backend:
        return std::errc::no_such_device;
      case Errc::backend_unavailable:
        return std::errc::function_not_supported;
    }
    return {value, *this};
  }
};

}  // namespace

const std::error_category& polymux_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), polymux_category()};
}

}  // namespace polymux
