#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "apps/polymux/probe/kind.hpp"
#include "making.hpp"
#include "steps.hpp"

namespace probe {
namespace {

struct Ends {
  Descriptor reader;
  Descriptor writer;
};

Ends open_pipe() {
  int ends[2] = {-1, -1};
  check(::pipe(ends), "pipe");
  Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  make_non_blocking(reader.get());
  make_non_blocking(writer.get());
  return {std::move(reader), std::move(writer)};
}

Subject read_end() {
  auto pipe = open_pipe();
  return Subject(std::move(pipe.reader), std::move(pipe.writer));
}

Subject write_end() {
  auto pipe = open_pipe();
  return Subject(std::move(pipe.writer), std::move(pipe.reader));
}

// An error, not an end that could be read.
void far_reader_closes(Subject& subject) {
  subject.close(subject.far());
  await(subject.near(), 0);
}

Descriptor open_end(const std::string& path, int flags) {
  return taken(::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC), "open of the FIFO");
}

std::unique_ptr<TemporaryFolder> folder_with_fifo() {
  auto folder = std::make_unique<TemporaryFolder>();
  check(::mkfifo(folder->file().c_str(), 0600), "mkfifo");
  return folder;
}

Subject fifo_without_writer() {
  auto folder = folder_with_fifo();
  Subject subject(open_end(folder->file(), O_RDONLY));
  keep_folder(subject, std::move(folder));
  return subject;
}

Subject fifo_read_end() {
  auto folder = folder_with_fifo();
  auto reader = open_end(folder->file(), O_RDONLY);
  Subject subject(std::move(reader), open_end(folder->file(), O_WRONLY));
  subject.set_path(folder->file());
  keep_folder(subject, std::move(folder));
  return subject;
}

Subject fifo_write_end() {
  auto folder = folder_with_fifo();
  auto reader = open_end(folder->file(), O_RDONLY);
  Subject subject(open_end(folder->file(), O_WRONLY), std::move(reader));
  keep_folder(subject, std::move(folder));
  return subject;
}

void another_writer_opens(Subject& subject) {
  far_closes(subject);
  subject.keep(open_end(subject.path(), O_WRONLY));
}

constexpr Case pipe_read_cases[] = {
    {"idle", read_end},
    {"data", read_end, far_writes},
    {"peer-closed", read_end, far_closes},
    {"data-peer-closed", read_end, far_writes_and_closes},
    {"closed-number", read_end, near_is_closed},
    {"dup-closed", read_end, near_is_closed_with_duplicate},
    {"reused", read_end, near_is_reused},
};

constexpr Case pipe_write_cases[] = {
    {"idle", write_end},
    {"full", write_end, near_fills},
    {"peer-closed", write_end, far_reader_closes},
};

constexpr Case fifo_read_cases[] = {
    {"never-opened", fifo_without_writer},
    {"idle", fifo_read_end},
    {"data", fifo_read_end, far_writes},
    {"peer-closed", fifo_read_end, far_closes},
    {"data-peer-closed", fifo_read_end, far_writes_and_closes},
    {"reopened", fifo_read_end, another_writer_opens},
};

constexpr Case fifo_write_cases[] = {
    {"idle", fifo_write_end},
    {"full", fifo_write_end, near_fills},
    {"peer-closed", fifo_write_end, far_reader_closes},
};

}  // namespace

extern const Making pipe_read_making;
extern const Making pipe_write_making;
extern const Making fifo_read_making;
extern const Making fifo_write_making;
const Making pipe_read_making{pipe_read_cases};
const Making pipe_write_making{pipe_write_cases};
const Making fifo_read_making{fifo_read_cases};
const Making fifo_write_making{fifo_write_cases};

}  // namespace probe
