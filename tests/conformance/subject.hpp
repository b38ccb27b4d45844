#pragma once

#include <polymux/conformance.hpp>

namespace polymux::test {

using conformance::add_available_backends;
using conformance::add_subject;
using conformance::Subject;
using conformance::subjects;

}  // namespace polymux::test
