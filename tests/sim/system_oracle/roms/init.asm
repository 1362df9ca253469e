; INIT of the bootstrap processor: where it starts, what it resets and what it keeps, and that it comes through in every mode.
; Sources: port 92h, CF9h and the keyboard controller, whose INIT# any PIIX has, and an INIT IPI of another processor. The
; first instruction behind the reset vector is the dump. SDM vol. 3A 9.1 (table 9-1), 8.4.2, 10.4.7.3; vol. 3C 30.2, 30.11;
; 82371AB 290562 (port 92h, reset control register, RCIN#).
%define ROM_ENTRY dump_state
%include "runtime/protected.inc"
%include "runtime/restart.inc"
%include "runtime/smm_patch.inc"

; RAM below 64 KiB that survives
struc dump
    .gpr resd 8                 ; EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI
    .eflags resd 1
    .selectors resw 6           ; ES, CS, SS, DS, FS, GS
    .cr0 resd 1
    .cr2 resd 1
    .cr3 resd 1
    .cr4 resd 1
    .dr0 resd 4
    .dr6 resd 1
    .dr7 resd 1
    .gdtr resd 2
    .idtr resd 2
    .fcw resw 1
    .fsw resw 1
    .xmm0 resd 4
    .mxcsr resd 1
    .efer resd 1
    .pat resd 1
    .mtrr resd 1
    .sysenter resd 1
    .apic_base resd 1
    .tsc resd 2
    .port92 resd 1
endstruc
%define DUMP(field) (0x600 + dump. %+ field)
%define TSC_BEFORE 0x5f0

%define EFER 0xc0000080
%define PAT 0x277
%define MTRR_BASE0 0x200
%define SYSENTER_EIP 0x176
%define APIC_BASE 0x1b

main:
    call install_handler
    call start_second
    go_to_phase phases
phases:
    dd by_port92, by_cf9, by_keyboard, by_ipi, in_user, in_v86, in_halt, in_smm, in_long, last

; The state INIT is to find
set_state:
    mov eax, cr4
    or eax, 0x208               ; OSFXSR, DE
    mov cr4, eax
    fninit
    fldz
    fldcw [.fcw]
    mov eax, 0x12345678
    movd xmm0, eax
    mov dword [SCRATCH + 64], 0x1f00
    ldmxcsr [SCRATCH + 64]
    mov ecx, PAT
    mov eax, 0x00070106
    mov edx, eax
    wrmsr
    mov ecx, MTRR_BASE0
    mov eax, 0x00400006
    xor edx, edx
    wrmsr
    mov ecx, SYSENTER_EIP
    mov eax, 0x00abcdef
    wrmsr
    mov ecx, EFER
    rdmsr
    or eax, 1                   ; SCE
    wrmsr
    mov eax, 0x11110000
    mov dr0, eax
    mov dr3, eax
    mov eax, 0x0000e00f
    mov dr6, eax
    mov eax, 0x00000700
    mov dr7, eax
    mov eax, 0x22220000
    mov cr2, eax
    mov eax, 0x00033000
    mov cr3, eax
    mov dword [APIC + 0x80], 0x20   ; TPR
    mov eax, cr0
    or eax, 0x4000000a          ; CD, TS, MP
    mov cr0, eax
    rdtsc
    mov [TSC_BEFORE], eax
    mov [TSC_BEFORE + 4], edx
    mov eax, 0xa0a0a0a0
    mov ecx, eax
    mov edx, eax
    mov ebx, eax
    mov ebp, eax
    mov esi, eax
    mov edi, eax
    ret
.fcw: dw 0x0c7f

; A phase begins with the report of the one before.
by_port92:
    say "port 92h:", 10
    reset_ends_phase
    in al, 0x92
    and al, 0xfe
    out 0x92, al
    call set_state
    mov al, 3                   ; A20 stays open
    out 0x92, al
    jmp never
by_cf9:
    call print_dump
    say "CF9h, soft:", 10
    reset_ends_phase
    call set_state
    mov edx, 0xcf9
    xor eax, eax
    out dx, al
    mov al, 4
    out dx, al
    jmp never
by_keyboard:
    call print_dump
    say "keyboard controller:", 10
    reset_ends_phase
    call set_state
    mov al, 0xfe
    out 0x64, al
    jmp never
by_ipi:
    call print_dump
    say "INIT IPI:", 10
    reset_ends_phase
    order INIT_IPI, 0
    call set_state
    jmp $

; What is left of the state in the other modes is one line.
in_user:
    call print_dump
    say "INIT IPI at CPL 3:"
    reset_ends_phase
    order INIT_IPI, 0
    to_user 0x202
    jmp $
in_v86:
    call print_short
    say "INIT IPI in V86 mode:"
    reset_ends_phase
    order INIT_IPI, 0
    mov eax, cr4
    and al, ~1
    mov cr4, eax
    push dword 0                ; GS to ES
    push dword 0
    push dword 0
    push dword 0
    push dword 0                ; SS
    push dword 0x7c00
    push dword 0x23202          ; VM, IOPL 3
    push dword BASE >> 4
    push dword REAL(.loop)
    iretd
bits 16
.loop:
    jmp .loop
bits 32
in_halt:
    call print_short
    say "INIT IPI in HLT:"
    reset_ends_phase
    order INIT_IPI, 0
    cli
    hlt
    jmp never
; SMM holds INIT back until RSM: the handler waits for it, then counts.
in_smm:
    call print_short
    say "INIT IPI in SMM:"
    reset_ends_phase
    mov dword [SLOW], 1
    order INIT_IPI, 0
    call take_smi
    mov ecx, 100000
.wait:
    loop .wait
    jmp never
in_long:
    mov dword [SLOW], 0
    show "the handler ran to its end", 2, {dword [SURVIVED]}
    call print_short
    say "INIT IPI in 64-bit mode:"
    reset_ends_phase
    mov edi, TABLES
    xor eax, eax
    mov ecx, 3 * 0x400
    rep stosd
    mov dword [TABLES], TABLES + 0x1003
    mov dword [TABLES + 0x1000], TABLES + 0x2003
    mov dword [TABLES + 0x2000], 0x83
    mov dword [TABLES + 0x2008], 0x200083
    mov eax, TABLES
    mov cr3, eax
    mov eax, cr4
    or al, 0x20
    mov cr4, eax
    mov ecx, EFER
    rdmsr
    or ah, 1
    wrmsr
    order INIT_IPI, 0
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    jmp CODE64:.long
bits 64
.long:
    jmp .long
bits 32
last:
    call print_short
    case "SMBASE is still where it was"
    call take_smi
    show "runs", 2, {dword [RUNS]}
    done
    last_phase

never:
    say " nothing happened", 10
    mov ecx, 1000000
.wait:
    pause
    loop .wait
    exit 1

print_short:
    show "cs", 4, {dword [DUMP(selectors) + 2]}
    show "eflags", 8, {dword [DUMP(eflags)]}
    show "cr0", 8, {dword [DUMP(cr0)]}
    show "cr3", 8, {dword [DUMP(cr3)]}
    show "cr4", 8, {dword [DUMP(cr4)]}
    show "efer", 4, {dword [DUMP(efer)]}
    newline
    ret

print_dump:
    mov eax, 1
    cpuid
    xor eax, [DUMP(gpr) + 8]
    and eax, 0xf0fff
    show "edx differs from CPUID in", 4, eax
    xor eax, eax                ; all the others
    or eax, [DUMP(gpr)]
    or eax, [DUMP(gpr) + 4]
    or eax, [DUMP(gpr) + 12]
    or eax, [DUMP(gpr) + 16]
    or eax, [DUMP(gpr) + 20]
    or eax, [DUMP(gpr) + 24]
    or eax, [DUMP(gpr) + 28]
    show "the others or'ed", 8, eax
    newline
    show "es", 4, {dword [DUMP(selectors)]}
    show "ss", 4, {dword [DUMP(selectors) + 4]}
    show "ds", 4, {dword [DUMP(selectors) + 6]}
    show "fs", 4, {dword [DUMP(selectors) + 8]}
    show "gs", 4, {dword [DUMP(selectors) + 10]}
    call print_short
    show "cr2", 8, {dword [DUMP(cr2)]}
    show "dr0", 8, {dword [DUMP(dr0)]}
    show "dr3", 8, {dword [DUMP(dr0) + 12]}
    show "dr6", 8, {dword [DUMP(dr6)]}
    show "dr7", 8, {dword [DUMP(dr7)]}
    newline
    show "gdtr", 8, {dword [DUMP(gdtr) + 2]}
    show "limit", 4, {dword [DUMP(gdtr)]}
    show "idtr", 8, {dword [DUMP(idtr) + 2]}
    show "limit", 4, {dword [DUMP(idtr)]}
    newline
    show "fcw", 4, {dword [DUMP(fcw)]}
    show "fsw", 4, {dword [DUMP(fsw)]}
    show "xmm0", 8, {dword [DUMP(xmm0)]}
    show "mxcsr", 4, {dword [DUMP(mxcsr)]}
    newline
    show "pat", 8, {dword [DUMP(pat)]}
    show "mtrr_physbase0", 8, {dword [DUMP(mtrr)]}
    show "sysenter_eip", 8, {dword [DUMP(sysenter)]}
    show "apic_base", 4, {dword [DUMP(apic_base)]}
    newline
    mov eax, [APIC + 0x80]
    show "tpr", 2, eax
    mov eax, [APIC + 0x20]
    shr eax, 24
    show "apic id", 2, eax
    mov eax, [DUMP(tsc)]
    sub eax, [TSC_BEFORE]
    mov eax, [DUMP(tsc) + 4]
    sbb eax, [TSC_BEFORE + 4]
    setc al
    movzx eax, al
    show "tsc went back", 2, eax
    mov eax, [DUMP(port92)]
    and eax, 2
    show "A20 gate", 2, eax
    newline
    ret

; In the ROM, in real mode, DS:0 is address 0; nothing is pushed.
bits 16
dump_state:
    mov [DUMP(gpr)], eax
    mov [DUMP(gpr) + 4], ecx
    mov [DUMP(gpr) + 8], edx
    mov [DUMP(gpr) + 12], ebx
    mov [DUMP(gpr) + 16], esp
    mov [DUMP(gpr) + 20], ebp
    mov [DUMP(gpr) + 24], esi
    mov [DUMP(gpr) + 28], edi
    mov [DUMP(selectors)], es
    mov [DUMP(selectors) + 2], cs
    mov [DUMP(selectors) + 4], ss
    mov [DUMP(selectors) + 6], ds
    mov [DUMP(selectors) + 8], fs
    mov [DUMP(selectors) + 10], gs
    mov sp, 0x7000
    pushfd
    pop dword [DUMP(eflags)]
    rdtsc
    mov [DUMP(tsc)], eax
    mov [DUMP(tsc) + 4], edx
%macro keep 2
    mov eax, %1
    mov [DUMP(%2)], eax
%endmacro
    keep cr0, cr0
    keep cr2, cr2
    keep cr3, cr3
    keep cr4, cr4
    keep dr6, dr6
    keep dr7, dr7
    mov eax, dr0
    mov [DUMP(dr0)], eax
    mov eax, dr3
    mov [DUMP(dr0) + 12], eax
    o32 sgdt [DUMP(gdtr)]
    o32 sidt [DUMP(idtr)]
    fnstcw [DUMP(fcw)]
    fnstsw [DUMP(fsw)]
%macro keep_msr 2
    mov ecx, %1
    rdmsr
    mov [DUMP(%2)], eax
%endmacro
    keep_msr EFER, efer
    keep_msr PAT, pat
    keep_msr MTRR_BASE0, mtrr
    keep_msr SYSENTER_EIP, sysenter
    keep_msr APIC_BASE, apic_base
    mov eax, 0x200
    mov cr4, eax
    movups [DUMP(xmm0)], xmm0
    stmxcsr [DUMP(mxcsr)]
    xor eax, eax
    mov cr4, eax
    in al, 0x92
    mov [DUMP(port92)], al
    jmp boot
bits 32

    rom_end
