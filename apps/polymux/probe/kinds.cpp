#include "kind.hpp"

namespace probe {

extern const Making file_making;
extern const Making directory_making;
extern const Making null_making;
extern const Making zero_making;
extern const Making random_making;
extern const Making urandom_making;
extern const Making mounts_making;
extern const Making tty_making;
extern const Making pty_master_making;
extern const Making pty_slave_making;
extern const Making pipe_read_making;
extern const Making pipe_write_making;
extern const Making fifo_read_making;
extern const Making fifo_write_making;
extern const Making tcp_making;
extern const Making tcp_listener_making;
extern const Making udp_making;
extern const Making unix_stream_making;
extern const Making unix_seqpacket_making;
extern const Making unix_dgram_making;
extern const Making unix_listener_making;
extern const Making epoll_handle_making;
extern const Making kqueue_handle_making;
extern const Making eventfd_making;
extern const Making timerfd_making;
extern const Making signalfd_making;
extern const Making pidfd_making;
extern const Making inotify_making;

namespace {

constexpr Kind kinds[] = {
    {"file", "a regular file", &file_making},
    {"directory", "a directory", &directory_making},
    {"null", "/dev/null", &null_making},
    {"zero", "/dev/zero", &zero_making},
    {"random", "/dev/random", &random_making},
    {"urandom", "/dev/urandom", &urandom_making},
    {"mounts", "/proc/self/mounts, a file of procfs that tells changes", &mounts_making},
    {"tty", "/dev/tty, the controlling terminal by its other name", &tty_making},
    {"pty-master", "a pseudo-terminal, the master's side", &pty_master_making},
    {"pty-slave", "a pseudo-terminal, the terminal's side", &pty_slave_making},
    {"pipe-read", "the read end of a pipe", &pipe_read_making},
    {"pipe-write", "the write end of a pipe", &pipe_write_making},
    {"fifo-read", "a named FIFO, opened for reading", &fifo_read_making},
    {"fifo-write", "a named FIFO, opened for writing", &fifo_write_making},
    {"tcp", "a TCP socket", &tcp_making},
    {"tcp-listener", "a TCP socket that listens", &tcp_listener_making},
    {"udp", "a UDP socket", &udp_making},
    {"unix-stream", "a Unix-domain stream socket", &unix_stream_making},
    {"unix-seqpacket", "a Unix-domain socket of sequenced packets", &unix_seqpacket_making},
    {"unix-dgram", "a Unix-domain datagram socket", &unix_dgram_making},
    {"unix-listener", "a Unix-domain stream socket that listens", &unix_listener_making},
    {"epoll-handle", "an epoll set, itself waited for", &epoll_handle_making},
    {"kqueue-handle", "a kqueue, itself waited for", &kqueue_handle_making},
    {"eventfd", "eventfd(2)", &eventfd_making},
    {"timerfd", "timerfd_create(2)", &timerfd_making},
    {"signalfd", "signalfd(2)", &signalfd_making},
    {"pidfd", "pidfd_open(2): a process", &pidfd_making},
    {"inotify", "inotify(7): changes of a directory", &inotify_making},
};

}  // namespace

std::span<const Kind> all_kinds() noexcept {
  return kinds;
}

}  // namespace probe
