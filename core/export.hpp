#pragma once

/// What a shared libpolymux offers to others. All else of it is hidden, so that no program can come
/// to depend on it, and none of it stands in for a function of the program's own.
#define POLYMUX_API [[gnu::visibility("default")]]
/// What is private of a class that is offered.
#define POLYMUX_HIDDEN [[gnu::visibility("hidden")]]
