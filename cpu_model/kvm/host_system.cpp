#include "cpu_model/kvm/host_system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace southgate::cpu::kvm {
namespace {

// Too short a timer would fire before the guest executed anything, again and again.
constexpr std::uint64_t shortest_run_ns = 100'000;

// The deadline of this thread. The handler only stores through it.
thread_local volatile std::uint8_t* armed_flag = nullptr;

void on_timer(int) {
    if (volatile std::uint8_t* flag = armed_flag) *flag = 1;
}

int timer_signal() { return SIGRTMIN + 5; }

class HostSystem final : public System {
  public:
    ~HostSystem() override {
        if (timer_made_ && owner_ == getpid()) timer_delete(timer_);
    }

    int open_device() override { return result(::open("/dev/kvm", O_RDWR | O_CLOEXEC)); }
    int ioctl(int fd, unsigned long request, unsigned long argument) override {
        return result(::ioctl(fd, request, argument));
    }
    void* map(int fd, std::size_t size) override {
        void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return p == MAP_FAILED ? nullptr : p;
    }
    void unmap(void* address, std::size_t size) override { ::munmap(address, size); }
    void close(int fd) override { ::close(fd); }

    std::uint64_t cpu_time_ns() override {
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
    }

    void arm(std::uint64_t ns, volatile std::uint8_t* immediate_exit) override {
        make_timer();
        armed_flag = immediate_exit;
        ns = std::max(ns, shortest_run_ns);
        set(ns);
    }
    void disarm() override {
        armed_flag = nullptr;
        set(0);
    }

  private:
    static int result(int value) { return value < 0 ? -errno : value; }

    // A timer belongs to the thread it signals, and a forked child has none of its parent's.
    void make_timer() {
        const auto thread = static_cast<pid_t>(syscall(SYS_gettid));
        if (timer_made_ && owner_ == getpid() && thread_ == thread) return;
        if (timer_made_ && owner_ == getpid()) timer_delete(timer_);
        struct sigaction action {};
        action.sa_handler = on_timer;
        sigemptyset(&action.sa_mask);
        sigaction(timer_signal(), &action, nullptr);
        sigevent event{};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = timer_signal();
        event._sigev_un._tid = thread;
        timer_made_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
        owner_ = getpid();
        thread_ = thread;
    }
    void set(std::uint64_t ns) {
        if (!timer_made_) return;
        itimerspec when{};
        when.it_value.tv_sec = static_cast<time_t>(std::min<std::uint64_t>(ns / 1'000'000'000, 1'000'000));
        when.it_value.tv_nsec = static_cast<long>(ns % 1'000'000'000);
        timer_settime(timer_, 0, &when, nullptr);
    }

    timer_t timer_{};
    bool timer_made_ = false;
    pid_t owner_ = 0, thread_ = 0;
};

}  // namespace

std::shared_ptr<System> host_system() { return std::make_shared<HostSystem>(); }

std::string host_unavailable() {
    HostSystem system;
    const int fd = system.open_device();
    if (fd < 0) return std::string("/dev/kvm does not open: ") + std::strerror(-fd);
    const int version = system.ioctl(fd, KVM_GET_API_VERSION, 0);
    const int vm = version == KVM_API_VERSION ? system.ioctl(fd, KVM_CREATE_VM, 0) : 0;
    if (vm > 0) system.close(vm);
    system.close(fd);
    if (version != KVM_API_VERSION) return "/dev/kvm does not speak KVM API 12";
    if (vm < 0) return std::string("/dev/kvm makes no virtual machine: ") + std::strerror(-vm);
    return {};
}

}  // namespace southgate::cpu::kvm
