// Making a vCPU; lines and resets.
#include "cpu_model/kvm/kvm_vcpu.h"

#include <cstdarg>
#include <cstdio>

#include "cpu_model/kvm/cpuid.h"
#include "cpu_model/kvm/helper_bus.h"
#include "cpu_model/kvm/host_system.h"
#include "cpu_model/kvm/kvm_call.h"

namespace southgate::cpu::kvm {
namespace {

// Where Intel hosts without unrestricted guests keep their four pages: below the largest flash (16 MiB), above the
// APICs (api.rst 4.40, 4.43: anywhere in the first 4 GiB where there is no slot).
constexpr std::uint64_t identity_map_page = 0xfeffc000;
constexpr unsigned long tss_pages = 0xfeffd000;

constexpr unsigned fewest_slots = 32;  // what every kernel has (KVM_CAP_NR_MEMSLOTS unset)

[[noreturn]] void unavailable(const char* what, int error) {
    throw Unavailable(std::string(what) + ": " + std::strerror(-error));
}

}  // namespace

KvmVcpu::KvmVcpu(Bus& bus, const KvmConfig& config, std::shared_ptr<System> system)
    : bus_(bus), config_(config), fd_(std::move(system)), helper_bus_(std::make_unique<HelperBus>(bus)) {
    create();
    ArchState power_up;
    cpu::apply_reset(power_up, ResetKind::power_up, {config_.model.reset_edx(), config_.model.bootstrap});
    apic_base_ = power_up.sregs.apic_base;
    write_state({}, power_up);
    if (!error_.empty()) throw Unavailable(error_);
}

KvmVcpu::~KvmVcpu() = default;

void KvmVcpu::create() {
    System& system = *fd_.system;
    fd_.device = system.open_device();
    if (fd_.device < 0) unavailable("/dev/kvm does not open", fd_.device);
    if (system.ioctl(fd_.device, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        throw Unavailable("/dev/kvm does not speak KVM API 12");
    const auto extension = [&](unsigned long what) { return system.ioctl(fd_.device, KVM_CHECK_EXTENSION, what); };
    const std::pair<unsigned long, const char*> needed[] = {
        {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},         {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
        {KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS"},         {KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM"},
        {KVM_CAP_SET_GUEST_DEBUG, "KVM_CAP_SET_GUEST_DEBUG"}, {KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS"},
        {KVM_CAP_XSAVE, "KVM_CAP_XSAVE"}};
    for (const auto& [capability, name] : needed)
        if (extension(capability) <= 0) throw Unavailable(std::string("/dev/kvm lacks ") + name);
    has_xcrs_ = extension(KVM_CAP_XCRS) > 0;
    sync_fields_ = static_cast<unsigned>(std::max(0, extension(KVM_CAP_SYNC_REGS)));

    fd_.vm = system.ioctl(fd_.device, KVM_CREATE_VM, 0);
    if (fd_.vm < 0) unavailable("KVM_CREATE_VM", fd_.vm);
    if (extension(KVM_CAP_SET_IDENTITY_MAP_ADDR) > 0) {
        std::uint64_t address = identity_map_page;
        const int result = control(system, fd_.vm, KVM_SET_IDENTITY_MAP_ADDR, &address);
        if (result < 0) unavailable("KVM_SET_IDENTITY_MAP_ADDR", result);
    }
    if (extension(KVM_CAP_SET_TSS_ADDR) > 0) {
        const int result = system.ioctl(fd_.vm, KVM_SET_TSS_ADDR, tss_pages);
        if (result < 0) unavailable("KVM_SET_TSS_ADDR", result);
    }
    if (config_.disable_quirk_out_7e) {
        kvm_enable_cap cap{};
        cap.cap = KVM_CAP_DISABLE_QUIRKS2;
        cap.args[0] = KVM_X86_QUIRK_OUT_7E_INC_RIP;
        const int result = control(system, fd_.vm, KVM_ENABLE_CAP, &cap);
        if (result < 0) unavailable("KVM_CAP_DISABLE_QUIRKS2", result);
    }

    if (config_.kernel_apic)
        if (const std::string error = KernelApic::create(system, fd_.vm); !error.empty()) throw Unavailable(error);
    fd_.vcpu = system.ioctl(fd_.vm, KVM_CREATE_VCPU, 0);
    if (fd_.vcpu < 0) unavailable("KVM_CREATE_VCPU", fd_.vcpu);
    const int size = system.ioctl(fd_.device, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (size < static_cast<int>(sizeof(kvm_run))) unavailable("KVM_GET_VCPU_MMAP_SIZE", std::min(size, -1));
    fd_.run_size = static_cast<std::size_t>(size);
    fd_.run = static_cast<kvm_run*>(system.map(fd_.vcpu, fd_.run_size));
    if (!fd_.run) throw Unavailable("the vCPU's shared page cannot be mapped");
    run_ = fd_.run;

    const int slots = extension(KVM_CAP_NR_MEMSLOTS);
    kernel_slots_.emplace(system, fd_.vm, slots > 0 ? static_cast<unsigned>(slots) : fewest_slots);
    model_registers_.emplace(system, fd_.vcpu);
    if (config_.kernel_apic) kernel_apic_.emplace(system, fd_.vm, fd_.vcpu);
    if (const std::string error = set_cpuid(system, fd_.device, fd_.vcpu, config_.model); !error.empty())
        throw Unavailable(error);
}

void KvmVcpu::fail(const char* format, ...) const {
    if (!error_.empty()) return;
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_ = text;
}

// --- memory ---

void KvmVcpu::set_memory_map(std::span<const MemorySlot> slots) {
    map_.assign(slots);
    apply_memory_map();
    if (helper_) helper_->set_memory_map(slots);
}

void KvmVcpu::apply_memory_map() {
    if (const std::string error = kernel_slots_->apply(map_.slots(), a20_masked_); !error.empty())
        fail("%s", error.c_str());
}

void KvmVcpu::memory_written(const std::uint8_t* host, std::size_t size) {
    if (helper_) helper_->memory_written(host, size);
}

void KvmVcpu::set_a20m(bool masked) {
    if (masked == a20_masked_) return;
    a20_masked_ = masked;
    apply_memory_map();
    if (helper_) helper_->set_a20m(masked);
}

// --- lines ---

void KvmVcpu::set_intr(bool level) {
    intr_ = level;
    if (helper_) helper_->set_intr(level);
}

void KvmVcpu::pulse_nmi() {
    if (helper_) return helper_->pulse_nmi();
    const int result = fd_.system->ioctl(fd_.vcpu, KVM_NMI, 0);
    if (result < 0) fail("KVM_NMI: %s", std::strerror(-result));
}

void KvmVcpu::pulse_smi() {
    if (helper_) return helper_->pulse_smi();
    smi_pending_ = true;
}

void KvmVcpu::pulse_init() {
    if (helper_) return helper_->pulse_init();
    init_pending_ = true;
}

void KvmVcpu::queue_interrupt(std::uint8_t vector) {
    kvm_interrupt interrupt{};
    interrupt.irq = vector;
    queued_ = call(KVM_INTERRUPT, "KVM_INTERRUPT", &interrupt);
}

// --- resets ---

void KvmVcpu::reset(bool power_up) { apply_reset(power_up ? ResetKind::power_up : ResetKind::reset); }

bool KvmVcpu::take_init_now() {
    if (helper_ && helper_->events().in_smm) return helper_->take_init_now();
    if (kernel_apic_) {
        std::string error = kernel_apic_->send_init();
        if (error.empty()) error = kernel_apic_->read(activity_);
        if (!error.empty()) fail("%s", error.c_str());
        regs_.reset();
        sregs_.reset();
        flags_known_ = false;
        return error.empty();
    }
    apply_reset(ResetKind::init);
    return true;
}

void KvmVcpu::start_up(std::uint8_t vector) {
    if (helper_) return helper_->start_up(vector);
    if (init_pending_) apply_reset(ResetKind::init);
    if (activity_ != ActivityState::wait_for_sipi) return;
    SpecialRegisters s = sregs();
    SegmentRegister& cs = s.seg[static_cast<unsigned>(Seg::cs)];
    cs.selector = static_cast<std::uint16_t>(vector << 8);
    cs.base = std::uint64_t{vector} << 12;
    GeneralRegisters r = regs();
    r.rip = 0;
    set_regs(r);
    set_sregs(s);
    activity_ = ActivityState::running;
}

// The tables of cpu_model/state through the state ioctls: what any userspace of KVM does to reset a processor. What
// the kernel then makes of a pending port I/O is its own affair.
void KvmVcpu::apply_reset(ResetKind kind) {
    (kind == ResetKind::init ? statistics_.inits : statistics_.resets)++;
    const ArchState old = state();
    constexpr std::uint64_t bsp = 1u << 8;
    const bool bootstrap =
        kind == ResetKind::init ? (old.sregs.apic_base & bsp) != 0 : config_.model.bootstrap;
    ArchState now = old;
    cpu::apply_reset(now, kind, {config_.model.reset_edx(), bootstrap});
    helper_.reset();
    helper_owes_ = false;
    write_state(old, now);
    if (old.events.in_smm) bus_.smm_changed(false);
    if (now.sregs.apic_base != apic_base_) {
        apic_base_ = now.sregs.apic_base;
        bus_.apic_base_written(apic_base_);
    }
}

// General registers first: the kernel makes a bootstrap processor runnable when the special registers arrive and %rip
// is already at the reset vector.
void KvmVcpu::write_state(const ArchState& old, const ArchState& now) {
    set_regs(now.regs);
    set_sregs(now.sregs);
    if (now.debug != old.debug) set_debug_regs(now.debug);
    if (now.fpu != old.fpu) set_fpu(now.fpu);
    set_msrs(now.msrs);
    if (now.tsc != old.tsc) model_registers_->set_tsc(now.tsc);
    write_events(now.events);
}

std::unique_ptr<KvmVcpu> make_kvm(Bus& bus, const KvmConfig& config) {
    return std::make_unique<KvmVcpu>(bus, config, host_system());
}

}  // namespace southgate::cpu::kvm
