; Model-specific registers: which values WRMSR refuses, which registers do not exist or cannot be written, the modes of the
; local APIC. SDM vol. 2 RDMSR, WRMSR; vol. 3A 10.4.4, 10.12 (APIC), 11.11 (MTRRs), 11.12.4 (PAT); vol. 3B 15.3 (machine
; check), 17.4.1 (debug control); vol. 4 table 2-2.
%include "runtime/long.inc"
%include "runtime/sweep.inc"

%define APIC_BASE 0x1b
%define SYSENTER_ESP 0x175
%define SYSENTER_EIP 0x176
%define DEBUGCTL 0x1d9
%define PAT 0x277
%define MTRR_CAP 0xfe
%define MTRR_BASE0 0x200
%define MTRR_MASK0 0x201
%define MTRR_FIXED 0x250
%define MTRR_DEF_TYPE 0x2ff
%define MCG_CAP 0x179
%define MC0_CTL 0x400
%define MC0_STATUS 0x401
%define LSTAR 0xc0000082
%define CSTAR 0xc0000083
%define FS_BASE 0xc0000100
%define GS_BASE 0xc0000101
%define KERNEL_GS_BASE 0xc0000102
%define TSC_AUX 0xc0000103
%define NOWHERE 0x400000a0      ; of a range that no processor will ever use

; write_case "name", MSR, HIGH, LOW; read_case "name", MSR
%macro write_case 4
    call_in_try keep, %2
    case %1
    mov ecx, %2
    mov edx, %3
    mov eax, %4
    origin
    wrmsr
    done
    call_in_try bring_back, %2
%endmacro
%macro read_case 2
    case %1
    mov ecx, %2
    origin
    rdmsr
    done
%endmacro
%macro call_in_try 2
    try
    mov ecx, %2
    call %1
    endtry
%endmacro
keep:
    rdmsr
    mov [kept], eax
    mov [kept + 4], edx
    ret
bring_back:
    mov eax, [kept]
    mov edx, [kept + 4]
    wrmsr
    ret
kept: dq 0
; write_bits "name", MSR, FIRST, LAST: each bit set on top of what the register has
%macro write_bits 4
    call_in_try keep, %2
    sweep %1, %3, %4
    try
    mov ecx, %2
    mov rax, [kept]
    or rax, rdx
    mov rdx, rax
    shr rdx, 32
    wrmsr
    noted
    call_in_try bring_back, %2
    end_sweep
%endmacro
; write_types "name", MSR, SHIFT: 0 to 0Fh in that place of zeros
%macro write_types 3
    call_in_try keep, %2
    sweep %1, 0, 15
    try
    mov rax, rcx
    shl rax, %3
    mov rdx, rax
    shr rdx, 32
    mov ecx, %2
    wrmsr
    noted
    call_in_try bring_back, %2
    end_sweep
%endmacro

main:
    mov eax, 0x80000008
    cpuid
    movzx eax, al
    mov [address_bits], eax
    call halves
    call addresses
    call missing
    call memory_types
    call machine_check
    call apic_base
    jmp x2apic
address_bits: dd 0

halves:
    case "rdmsr clears the upper halves"
    mov rax, -1
    mov rdx, rax
    mov rcx, 0xffffffff00000000 | PAT
    rdmsr
    show "rax", 16, rax
    show "rdx", 16, rdx
    done
    case "wrmsr ignores the upper halves"
    mov rax, 0x1234567800070406
    mov rdx, 0x1234567800070401
    mov rcx, 0xffffffff00000000 | PAT
    wrmsr
    rdmsr
    show "rax", 16, rax
    show "rdx", 16, rdx
    mov edx, 0x00070406
    wrmsr
    done
    ret

%macro address_register 2
    write_case {%1, ", 8000_0000_0000h"}, %2, 0x00008000, 0
    write_case {%1, ", 7FFF_FFFF_FFFFh"}, %2, 0x00007fff, 0xffffffff
    write_case {%1, ", FFFF_8000_0000_0000h"}, %2, 0xffff8000, 0
    write_case {%1, ", FFFF_7FFF_FFFF_FFFFh"}, %2, 0xffff7fff, 0xffffffff
%endmacro
addresses:
    address_register "sysenter_esp", SYSENTER_ESP
    address_register "sysenter_eip", SYSENTER_EIP
    address_register "lstar", LSTAR
    address_register "cstar", CSTAR
    address_register "fs_base", FS_BASE
    address_register "gs_base", GS_BASE
    address_register "kernel_gs_base", KERNEL_GS_BASE
    write_bits "tsc_aux bits 20 to 3F", TSC_AUX, 32, 63
    ret

missing:
    read_case "read of 400000A0h", NOWHERE
    write_case "write of 400000A0h", NOWHERE, 0, 0
    read_case "read of the x2APIC's ID in xAPIC mode", 0x802
    write_case "write of MTRRCAP", MTRR_CAP, 0, 0x508
    write_case "write of MCG_CAP", MCG_CAP, 0, 0
    write_bits "debugctl bits 10 to 3F", DEBUGCTL, 16, 63
    ret

memory_types:
    write_types "pat types, PA0", PAT, 0
    write_types "pat types, PA7", PAT, 56
    write_bits "pat bits 03 to 07", PAT, 3, 7
    write_types "mtrr_def_type types", MTRR_DEF_TYPE, 0
    write_bits "mtrr_def_type bits 08 and 09", MTRR_DEF_TYPE, 8, 9
    write_bits "mtrr_def_type bits 0C to 3F", MTRR_DEF_TYPE, 12, 63
    write_types "mtrr_physbase0 types", MTRR_BASE0, 0
    write_bits "mtrr_physbase0 bits 08 to 0B", MTRR_BASE0, 8, 11
    write_bits "mtrr_physbase0 bits from MAXPHYADDR", MTRR_BASE0, [address_bits], 63
    write_bits "mtrr_physmask0 bits 00 to 0A", MTRR_MASK0, 0, 10
    write_bits "mtrr_physmask0 bits from MAXPHYADDR", MTRR_MASK0, [address_bits], 63
    write_types "mtrr_fix64k types, first", MTRR_FIXED, 0
    write_types "mtrr_fix64k types, last", MTRR_FIXED, 56
    mov ecx, MTRR_CAP
    rdmsr
    movzx eax, al
    lea ebx, [rax * 2 + MTRR_BASE0]
    read_case "a variable MTRR beyond the last", ebx
    ret

machine_check:
    write_case "mc0_status, zero", MC0_STATUS, 0, 0
    write_bits "mc0_status, one bit", MC0_STATUS, 0, 63
    mov ecx, MCG_CAP
    rdmsr
    movzx eax, al
    lea ebx, [rax * 4 + MC0_CTL]
    read_case "a bank beyond the last", ebx
    ret

apic_base:
    write_bits "apic_base bits 00 to 07", APIC_BASE, 0, 7
    write_bits "apic_base bit 09", APIC_BASE, 9, 9
    write_bits "apic_base bits from MAXPHYADDR", APIC_BASE, [address_bits], 63
    ret

; mode "name", set, clear: of IA32_APIC_BASE
%define EXTD 0x400
%define EN 0x800
%macro mode 3
    case %1
    mov ecx, APIC_BASE
    rdmsr
    or eax, %2
    and eax, ~(%3)
    origin
    wrmsr
    done
%endmacro
x2apic:
    mode "EXTD without EN", EXTD, EN
    cpuid_bit 1, 0, ECX_OUT, 21
    say "xAPIC to x2APIC:"
    try
    mov ecx, APIC_BASE
    rdmsr
    or eax, EXTD
    wrmsr
    endtry
    call print_as_cpuid_says
    ret

    rom_end
