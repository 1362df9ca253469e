#include "sim/pio/kvm/explore.h"

#include <linux/kvm.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "cpu_model/kvm/host_system.h"
#include "cpu_model/kvm/kvm_vcpu.h"
#include "sim/pio/kvm/probe.h"

namespace southgate::pio {
namespace {

// The budget of an exploring run is one instruction: over at once with any exit, and long enough for a busy host
constexpr std::uint64_t instruction_time_ps = 1'000'000'000'000;
constexpr unsigned patience_seconds = 30;

void on_alarm(int) {
    constexpr char text[] = "southgate: internal error: the kernel does not return from KVM_RUN\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text, sizeof text - 1);
    _exit(1);
}

// Linux, with an alarm that every KVM_RUN winds up again.
class WatchedSystem final : public cpu::kvm::System {
  public:
    explicit WatchedSystem(std::shared_ptr<System> system) : system_(std::move(system)) { signal(SIGALRM, on_alarm); }
    ~WatchedSystem() override { alarm(0); }

    int open_device() override { return system_->open_device(); }
    int ioctl(int fd, unsigned long request, unsigned long argument) override {
        if (request == KVM_RUN) alarm(patience_seconds);
        return system_->ioctl(fd, request, argument);
    }
    void* map(int fd, std::size_t size) override { return system_->map(fd, size); }
    void unmap(void* address, std::size_t size) override { system_->unmap(address, size); }
    void close(int fd) override { system_->close(fd); }
    std::uint64_t cpu_time_ns() override { return system_->cpu_time_ns(); }
    void arm(std::uint64_t ns, volatile std::uint8_t* immediate_exit) override { system_->arm(ns, immediate_exit); }
    void disarm() override { system_->disarm(); }

  private:
    std::shared_ptr<System> system_;
};

}  // namespace

VcpuFactory kvm_explore_factory() {
    if (const std::string why = cpu::kvm::host_unavailable(); !why.empty()) throw cpu::kvm::Unavailable(why);
    return [](cpu::Bus& bus) -> std::unique_ptr<cpu::Vcpu> {
        cpu::kvm::KvmConfig config;
        config.instruction_time_ps = instruction_time_ps;
        return std::make_unique<cpu::kvm::KvmVcpu>(bus, config, std::make_shared<WatchedSystem>(cpu::kvm::host_system()));
    };
}

std::optional<explore::HostedModel> kvm_explore_model(const std::vector<GuestMode>& modes) {
    std::optional<HostPath> path;
    for (const ModeProbes& probes : probe_host()) {
        if (!modes.empty() && std::ranges::find(modes, probes.mode) == modes.end()) continue;
        if (!probes.conclusive || (path && *path != probes.path)) return std::nullopt;
        path = probes.path;
    }
    explore::HostedModel model;
    model.name = std::string("the model of this host (") + std::string(columns[path->column].name) +
                 (path->drops_on_control_change ? ", with H1)" : ")");
    model.factory = [](cpu::Bus& bus) { return std::make_unique<HostModel>(bus); };
    model.subject.customise = [path = *path](cpu::Vcpu& cpu, const std::optional<explore::Oracle>&) {
        static_cast<HostModel&>(cpu).follow(path);
    };
    return model;
}

}  // namespace southgate::pio
