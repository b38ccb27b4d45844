"""What the manual pages of Linux say that each system call may return, and what a server has to
make of it.

Four classes, from the client's side:

- `lossless`: not one byte of anybody is lost; the call is made again, or was not needed.
- `told`: the connection that the call was for may end, and no other. What it received until then is
  what it would have received.
- `refused`: who waits to be accepted may be turned away instead, before any answer.
- `ends`: the server cannot go on, says so, and exits with 1.

Programming errors (EBADF, EFAULT, EINVAL, ENOTSOCK) are among them: they cannot be had from a kernel
that works, but a sandbox or a debugger may return them, and a server has no excuse to crash.
"""

LOSSLESS, TOLD, REFUSED, ENDS = "lossless", "told", "refused", "ends"

#: Of a program that does not know what it does; injected in turn, and not at random.
MISTAKES = {"EBADF", "EFAULT", "EINVAL", "ENOTSOCK"}


class Call:
    """One system call: where it is described, and its errors by class."""

    def __init__(self, page, *, start="", note="", spellings=(), **errors):
        self.page = page
        self.note = note
        self.spellings = spellings
        self.by_class = {kind: names.split() for kind, names in errors.items()}
        #: Returned while the server starts, and never later.
        self.start_only = start.split()

    def errors(self):
        """(class, error) of all that may come while the server serves; the mildest first."""
        for kind in (LOSSLESS, TOLD, REFUSED, ENDS):
            for name in self.by_class.get(kind, ()):
                yield kind, name

    def start_errors(self):
        return [name for _, name in self.errors()] + self.start_only


def silent(page, note):
    """A call without an error to inject."""
    return Call(page, note=note)


CALLS = {
    # The connection stays in the queue when the call fails, for the injected call is not made.
    "accept4": Call(
        "accept(2)",
        lossless="EAGAIN EINTR ECONNABORTED EPROTO EPERM ENOBUFS ENOMEM EBADF EFAULT EINVAL ENOTSOCK "
                 "EOPNOTSUPP ENETDOWN ENOPROTOOPT EHOSTDOWN ENONET EHOSTUNREACH ENETUNREACH ENOSR "
                 "ESOCKTNOSUPPORT EPROTONOSUPPORT ETIMEDOUT",
        refused="EMFILE ENFILE"),
    "recvfrom": Call(
        "recv(2), tcp(7)",
        lossless="EAGAIN EINTR",
        told="ECONNRESET ECONNREFUSED ENOMEM ETIMEDOUT EPIPE EHOSTUNREACH ENETDOWN ENOTCONN EBADF "
             "EFAULT EINVAL ENOTSOCK"),
    "sendto": Call(
        "send(2), tcp(7)",
        lossless="EAGAIN EINTR",
        told="ECONNRESET EPIPE ENOBUFS ENOMEM ETIMEDOUT EHOSTUNREACH ENETDOWN EACCES EALREADY EBADF "
             "EDESTADDRREQ EFAULT EINVAL EISCONN EMSGSIZE ENOTCONN ENOTSOCK EOPNOTSUPP"),
    "shutdown": Call("shutdown(2)", told="ENOTCONN EBADF EINVAL ENOTSOCK"),
    "close": Call(
        "close(2)",
        told="EINTR EIO EBADF ENOSPC EDQUOT",
        note="the injected call is not made: the number stays open, which is no fault of the server"),
    "epoll_pwait2": Call("epoll_wait(2)", lossless="EINTR", ends="EBADF EFAULT EINVAL",
                         start="ENOSYS EPERM"),
    "epoll_wait": Call("epoll_wait(2)", lossless="EINTR", ends="EBADF EFAULT EINVAL"),
    "epoll_ctl": Call(
        "epoll_ctl(2)", told="ENOMEM ENOSPC EBADF EEXIST EINVAL ELOOP ENOENT EPERM"),
    # Requests that are not handed over now are with the next call.
    "io_uring_enter": Call("io_uring_enter(2)", lossless="EINTR EAGAIN EBUSY EBADR ENOMEM",
                           ends="EBADF EBADFD EFAULT EINVAL ENXIO EOPNOTSUPP",
                           start="ENOSYS EPERM"),
    "io_uring_setup": Call("io_uring_setup(2)", start="EFAULT EINVAL EMFILE ENFILE ENOMEM EPERM ENOSYS"),
    "io_uring_register": Call("io_uring_register(2)", start="ENOMEM EBADF EBUSY EEXIST EFAULT EINVAL EPERM"),
    "ppoll": Call("poll(2), with EAGAIN of its NOTES", lossless="EINTR EAGAIN ENOMEM",
                  ends="EFAULT EINVAL", spellings=("ppoll_time64",)),
    "poll": Call("poll(2), with EAGAIN of its NOTES", lossless="EINTR EAGAIN ENOMEM",
                 ends="EFAULT EINVAL"),
    "pselect6": Call("select(2)", lossless="EINTR ENOMEM EBADF", ends="EINVAL",
                     spellings=("pselect6_time64",)),
    "fcntl": Call(
        "fcntl(2)",
        told="EBADF EACCES EAGAIN EBUSY EDEADLK EFAULT EINTR EINVAL EMFILE ENOLCK ENOTDIR EPERM",
        spellings=("fcntl64",)),
    "newfstatat": Call(
        "stat(2)",
        told="EBADF ENOMEM EOVERFLOW EACCES EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOTDIR",
        spellings=("fstat", "fstat64", "fstatat64", "statx")),
    # Of an eventfd or a signalfd, which belong to no connection.
    "read": Call("read(2), eventfd(2), signalfd(2)",
                 lossless="EINTR EAGAIN EIO EBADF EFAULT EINVAL EISDIR"),
    # Of an eventfd, or of the line of counters to stderr.
    "write": Call("write(2), eventfd(2)",
                  lossless="EINTR EAGAIN EPIPE ENOSPC EIO EBADF EDESTADDRREQ EDQUOT EFAULT EFBIG "
                           "EINVAL EPERM"),
    "mmap": Call("mmap(2)", told="ENOMEM EAGAIN ENFILE EACCES EPERM EINVAL", spellings=("mmap2",)),
    "munmap": Call("munmap(2)", lossless="EINVAL ENOMEM"),
    "mremap": Call("mremap(2)", told="ENOMEM EAGAIN EFAULT EINVAL"),
    "mprotect": Call("mprotect(2)", told="ENOMEM EACCES EINVAL"),
    "brk": Call("brk(2)", told="ENOMEM"),
    "madvise": Call("madvise(2)", lossless="EINVAL ENOMEM EAGAIN EACCES EBADF EIO EPERM"),
    "socket": Call(
        "socket(2)",
        refused="EMFILE ENFILE ENOBUFS ENOMEM EACCES EAFNOSUPPORT EINVAL EPROTONOSUPPORT"),
    # Of a poller or a probe that is opened while the server runs.
    "epoll_create1": Call("epoll_create(2)", told="EMFILE ENFILE ENOMEM EINVAL"),
    "eventfd2": Call("eventfd(2)", told="EMFILE ENFILE ENODEV ENOMEM EINVAL"),
    "signalfd4": Call("signalfd(2)", told="EMFILE ENFILE ENODEV ENOMEM EBADF EINVAL"),
    "pipe2": Call("pipe(2)", told="EMFILE ENFILE EFAULT EINVAL ENOPKG"),
    "setsockopt": Call("setsockopt(2)", told="EBADF EFAULT EINVAL ENOPROTOOPT ENOTSOCK EPERM ENOMEM"),
    "bind": Call("bind(2), ip(7)", start="EADDRINUSE EADDRNOTAVAIL EACCES EBADF EINVAL ENOTSOCK EFAULT "
                                          "ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EROFS"),
    "listen": Call("listen(2)", start="EADDRINUSE EBADF ENOTSOCK EOPNOTSUPP"),
    "getsockname": Call("getsockname(2)", start="ENOBUFS EBADF EFAULT EINVAL ENOTSOCK"),
    "openat": Call("open(2), of /dev/null",
                   start="EMFILE ENFILE ENOMEM EINTR EACCES ENOENT ENXIO ENODEV EPERM ELOOP"),
    "rt_sigaction": Call("sigaction(2)", start="EINVAL EFAULT"),
    "rt_sigprocmask": Call("sigprocmask(2)", start="EINVAL EFAULT"),
    "prlimit64": Call("getrlimit(2)", start="EPERM EINVAL EFAULT"),
    "getrandom": Call("getrandom(2)", lossless="EAGAIN EINTR ENOSYS EINVAL EFAULT"),
    "futex": Call("futex(2), one that wakes nobody", lossless="EINVAL EFAULT EACCES ENOSYS"),
    "rt_sigreturn": silent("sigreturn(2)", "never returns"),
    "exit_group": silent("exit_group(2)", "never returns"),
    "restart_syscall": silent("restart_syscall(2)", "made by the kernel"),
    "gettid": silent("gettid(2)", "always succeeds"),
    "getpid": silent("getpid(2)", "always succeeds"),
    "getuid": silent("getuid(2)", "always succeeds"),
    "geteuid": silent("getuid(2)", "always succeeds"),
    "getgid": silent("getgid(2)", "always succeeds"),
    "getegid": silent("getgid(2)", "always succeeds"),
    "sched_yield": silent("sched_yield(2)", "always succeeds"),
}

# What a kernel without memory, descriptors or watches says for as long as it lasts: a server must
# wait for better times without spinning.
LASTING = {
    "accept4": ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"],
    "epoll_ctl": ["ENOSPC", "ENOMEM"],
    "ppoll": ["ENOMEM"],
    "poll": ["ENOMEM"],
    "pselect6": ["ENOMEM"],
    "io_uring_enter": ["ENOMEM"],
    "fcntl": ["EPERM"],
    "brk": ["ENOMEM"],
    "mmap": ["ENOMEM"],
    "socket": ["ENFILE"],
}

_BY_SPELLING = {spelling: name for name, call in CALLS.items() for spelling in call.spellings}


def row_of(spelling):
    """The row of the table that a system call, as the kernel spells it, belongs to; or None."""
    name = _BY_SPELLING.get(spelling, spelling)
    return name if name in CALLS else None
