#include "sim/pio/kvm/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace southgate::pio {

namespace {

[[noreturn]] void be_child(int pipe, unsigned seconds, const std::function<void(Parcel&)>& work) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGALRM, SIG_DFL);
    alarm(seconds);
    try {
        Parcel parcel;
        work(parcel);
        const std::vector<char>& bytes = parcel.bytes();
        for (std::size_t done = 0; done < bytes.size();) {
            const ssize_t n = write(pipe, bytes.data() + done, bytes.size() - done);
            if (n < 0 && errno != EINTR) _exit(1);
            if (n > 0) done += static_cast<std::size_t>(n);
        }
    } catch (...) {
        _exit(1);
    }
    _exit(0);
}

}  // namespace

ChildEnd run_in_child(unsigned seconds, const std::function<void(Parcel&)>& work, Parcel& result) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return {ChildEnd::Kind::died, std::strerror(errno)};
    const pid_t child = fork();
    if (child < 0) {
        const int error = errno;
        close(ends[0]);
        close(ends[1]);
        return {ChildEnd::Kind::died, std::strerror(error)};
    }
    if (child == 0) be_child(ends[1], seconds, work);
    close(ends[1]);
    char buffer[4096];
    for (;;) {
        const ssize_t n = read(ends[0], buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        result.bytes().insert(result.bytes().end(), buffer, buffer + n);
    }
    close(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return {ChildEnd::Kind::timed_out, {}};
    if (WIFSIGNALED(status)) return {ChildEnd::Kind::died, "signal " + std::to_string(WTERMSIG(status))};
    if (WEXITSTATUS(status) != 0)
        return {ChildEnd::Kind::died, "exit status " + std::to_string(WEXITSTATUS(status))};
    return {ChildEnd::Kind::returned, {}};
}

}  // namespace southgate::pio
