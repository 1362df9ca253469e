#include "kvm/fake_kernel.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "cpu_model/kvm/abi.h"
#include "kvm/fake_processor.h"

namespace southgate::cpu::test {

struct FakeKernel::Machine {
    std::map<std::uint32_t, MemorySlot> slots;
    std::vector<std::weak_ptr<Processor>> processors;
    std::vector<MemorySlot> sorted() const {
        std::vector<MemorySlot> all;
        for (const auto& [id, slot] : slots) all.push_back(slot);
        std::sort(all.begin(), all.end(),
                  [](const MemorySlot& a, const MemorySlot& b) { return a.guest_physical < b.guest_physical; });
        return all;
    }
};

FakeKernel::FakeKernel(Config config) : config_(std::move(config)) {}
FakeKernel::FakeKernel() : FakeKernel(Config{}) {}
FakeKernel::~FakeKernel() = default;

int FakeKernel::open_device() {
    ++devices_;
    return 3;
}

unsigned FakeKernel::open_descriptors() const {
    return devices_ + static_cast<unsigned>(machines_.size() + processors_.size());
}

void FakeKernel::close(int fd) {
    if (fd == 3) --devices_;
    machines_.erase(fd);
    processors_.erase(fd);
}

void* FakeKernel::map(int fd, std::size_t size) {
    const auto at = processors_.find(fd);
    return at == processors_.end() || size != Processor::run_size ? nullptr : at->second->shared();
}

void FakeKernel::unmap(void*, std::size_t) {}

void FakeKernel::arm(std::uint64_t ns, volatile std::uint8_t* immediate_exit) {
    armed_ns_ = ns;
    armed_ = immediate_exit;
}

int FakeKernel::ioctl(int fd, unsigned long request, unsigned long argument) {
    if (config_.failing_request != 0 && request == config_.failing_request) {
        config_.failing_request = 0;
        return -EINVAL;
    }
    if (fd == 3) return device_ioctl(request, argument);
    if (const auto machine = machines_.find(fd); machine != machines_.end())
        return machine_ioctl(*machine->second, request, argument);
    const auto processor = processors_.find(fd);
    if (processor == processors_.end()) return -EBADF;
    if (request != KVM_RUN) return processor->second->ioctl(request, reinterpret_cast<void*>(argument));

    const auto unlimited = std::uint64_t{1} << 40;
    std::uint64_t retired = 0;
    const int result = processor->second->run(
        armed_ ? (armed_ns_ + instruction_ns - 1) / instruction_ns : unlimited, retired);
    now_ns_ += retired * instruction_ns;
    if (result == -EINTR && armed_) *armed_ = 1;
    return result;
}

int FakeKernel::device_ioctl(unsigned long request, unsigned long argument) {
    switch (request) {
        case KVM_GET_API_VERSION: return KVM_API_VERSION;
        case KVM_GET_VCPU_MMAP_SIZE: return static_cast<int>(Processor::run_size);
        case KVM_CHECK_EXTENSION:
            if (argument == KVM_CAP_NR_MEMSLOTS) return 64;
            return argument == KVM_CAP_SYNC_REGS ? KVM_SYNC_X86_VALID_FIELDS : 1;
        case KVM_CREATE_VM: {
            const int fd = next_fd_++;
            machines_[fd] = std::make_shared<Machine>();
            return fd;
        }
        case kvm::abi::get_supported_cpuid: {
            auto& list = *reinterpret_cast<kvm::abi::Cpuid<1>*>(argument);
            if (list.count < 3) return -E2BIG;
            constexpr std::uint32_t leaves[] = {1, 0x80000001, 0x80000008};
            kvm_cpuid_entry2* entry = list.entries;
            for (const std::uint32_t leaf : leaves) {
                *entry = {};
                entry->function = leaf;
                entry->eax = 48;
                entry->ecx = entry->edx = ~0u;
                ++entry;
            }
            list.count = 3;
            return 0;
        }
        default: return -EINVAL;
    }
}

int FakeKernel::machine_ioctl(Machine& machine, unsigned long request, unsigned long argument) {
    switch (request) {
        case KVM_SET_TSS_ADDR:
        case KVM_SET_IDENTITY_MAP_ADDR:
        case KVM_ENABLE_CAP: return 0;
        case KVM_CREATE_VCPU: {
            const int fd = next_fd_++;
            processors_[fd] = std::make_shared<Processor>(config_, machine.sorted());
            machine.processors.push_back(processors_[fd]);
            return fd;
        }
        case KVM_SET_USER_MEMORY_REGION: {
            const auto& r = *reinterpret_cast<const kvm_userspace_memory_region*>(argument);
            if ((r.guest_phys_addr | r.memory_size | r.userspace_addr) & 0xfff) return -EINVAL;
            machine.slots.erase(r.slot);
            for (const auto& [id, s] : machine.slots)
                if (r.memory_size && r.guest_phys_addr < s.guest_physical + s.size &&
                    s.guest_physical < r.guest_phys_addr + r.memory_size)
                    return -EEXIST;
            if (r.memory_size)
                machine.slots[r.slot] = {r.guest_phys_addr, r.memory_size,
                                         reinterpret_cast<std::uint8_t*>(static_cast<std::uintptr_t>(r.userspace_addr)),
                                         true, !(r.flags & KVM_MEM_READONLY), false};
            for (const auto& weak : machine.processors)
                if (const auto processor = weak.lock()) processor->set_slots(machine.sorted());
            return 0;
        }
        default: return -EINVAL;
    }
}

}  // namespace southgate::cpu::test
