#pragma once

namespace polymux::test {

/// Makes every kqueue of this program anew: no filters, and nothing in turn.
///
/// The program has the functions of backends/kqueue/kevents.hpp from model_kqueue.cpp: a kqueue as
/// the kernels of the BSDs and macOS have it, of filters that stand in one line (`kqueue_scan` of
/// FreeBSD's kern_event.c). What there was no room for stays at its head, what is level goes back
/// to its end. libkqueue forgets what there was no room for, and cannot show how it is used.
void reset_kqueues();

/// How often kevents were asked for since the last reset.
[[nodiscard]] int kqueue_waits();

}  // namespace polymux::test
