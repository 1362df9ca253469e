; What RSM repeats: HLT, and the port instruction that an SMI came behind; debug traps of that instruction. SDM vol. 3C 30.10,
; 30.12; vol. 3A table 6-2 (SMI# comes before debug traps); AMD64 APM vol. 2 10.2.4 (I/O trap word). The SMI comes from another
; processor and from port B2h of the PIIX4 (82371AB 290562).
%include "runtime/protected.inc"
%include "runtime/smm_patch.inc"

%define APMC 0xb2
%define PM_BASE 0x600
%define PM_FUNCTION 0x80000b00      ; bus 0, device 1, function 3

main:
    call install_handler
    call start_second
    call enable_apmc
    call halts
    call port_instructions
    jmp debug_traps

; PIIX4: PMBASE, PMREGMISC, DEVACTB.APMC_EN, GLBCTL.SMI_EN
%macro pci_write 2
    mov dx, 0xcf8
    mov eax, PM_FUNCTION | (%1)
    out dx, eax
    mov dx, 0xcfc
    mov eax, %2
    out dx, eax
%endmacro
enable_apmc:
    pci_write 0x40, PM_BASE | 1
    pci_write 0x80, 1
    pci_write 0x58, 1 << 25
    mov dx, PM_BASE + 0x28
    in eax, dx
    or al, 1
    out dx, eax
    ret

; An SMI, then an NMI, from the other processor while this one does `code`
%macro during 1-*
    mov dword [RUNS], 0
    order SMI_IPI, NMI_IPI
    case %1
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    nop                     ; RSM went on behind HLT if this was executed
    jmp $
    done
    pushfd                  ; IRET opens for NMIs again
    push cs
    push dword %%opened
    iretd
  %%opened:
    show "runs", 2, {dword [RUNS]}
    mov eax, [HALTED]
    and eax, 1
    show "halted", 2, eax
    newline
%endmacro
halts:
    during "SMI and NMI in a loop"
    during "SMI and NMI in HLT", hlt
    patch MAP_AUTO_HALT & ~3, 1 << (MAP_AUTO_HALT & 3) * 8, 0
    during "SMI in HLT, the field cleared", hlt
    patch MAP_RAX, 0, 0x5a5a5a5a
    during "SMI in HLT changes registers", {xor eax, eax}, hlt
    show "eax", 8, {dword [trap_frame + 28]}
    newline
    ret

; smi_port "name", code
%macro smi_port 2-*
    mov dword [RUNS], 0
    case %1
    mov ebx, SCRATCH + 0x100
    mov edx, APMC
    origin
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    done
    show "runs", 2, {dword [RUNS]}
    show "io", 8, {dword [TRAPPED]}
    newline
%endmacro
%macro patch_restart 0
    patch MAP_IO_RESTART & ~3, 0xff << (MAP_IO_RESTART & 3) * 8, 0xff << (MAP_IO_RESTART & 3) * 8
%endmacro
port_instructions:
    smi_port "out imm8, al", {out APMC, al}
    smi_port "out dx, ax", {out dx, ax}
    patch_restart
    smi_port "out imm8, al, restarted", {out APMC, al}
    patch_restart
    smi_port "out dx, al, restarted", {out dx, al}
    patch_restart
    smi_port "outsb, restarted", {mov esi, ebx}, outsb
    sub esi, ebx
    show "esi", 2, esi
    newline
    smi_port "rep outsb", {mov esi, ebx}, {mov ecx, 3}, {rep outsb}
    show "ecx", 2, ecx
    newline
    patch_restart
    smi_port "rep outsb, restarted", {mov esi, ebx}, {mov ecx, 3}, {rep outsb}
    sub esi, ebx
    show "esi", 2, esi
    show "ecx", 2, ecx
    newline
    case "an SMI elsewhere knows of no port instruction"
    call take_smi
    show "io", 8, {dword [TRAPPED]}
    done
    ret

debug_traps:
    smi_port "single step over out", {push dword 0x102}, popfd, {out APMC, al}
    mov eax, cr4
    or al, 8                ; DE
    mov cr4, eax
    mov eax, APMC
    mov dr0, eax
    mov eax, 0x00020402     ; G0, I/O, one byte
    mov dr7, eax
    smi_port "I/O breakpoint at out", {out APMC, al}
    mov eax, 0x400
    mov dr7, eax
    ret

    rom_end
