; SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS and the FS and GS bases: selectors, flags, stacks, every check. As on Intel's
; processors. SDM vol. 2B SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS; vol. 3A 5.8.7, 5.8.8.
%include "runtime/long.inc"

%define NONCANONICAL 0x0000800000000000
%define CONTROL_FLAGS 0x00277701

; write_msr INDEX, VALUE
%macro write_msr 2
    mov rax, %2
    mov rdx, rax
    shr rdx, 32
    mov ecx, %1
    wrmsr
%endmacro
%define EFER 0xc0000080
%define STAR 0xc0000081
%define LSTAR 0xc0000082
%define SFMASK 0xc0000084
%define FS_BASE 0xc0000100
%define GS_BASE 0xc0000101
%define KERNEL_GS 0xc0000102
; SYSCALL: CODE64, and what lies 8 above it, never read; SYSRET: from UCODE on
%define STAR_VALUE ((UCODE << 48) | (CODE64 << 32))

; Where SYSCALL and SYSENTER arrive. Keeps what they left and goes on in ring 0 behind the case.
arrived:
    mov [left_rsp], rsp
    mov esp, RING0_STACK
    pushfq
    pop qword [left_flags]
    mov [left_rcx], rcx
    mov [left_r11], r11
    mov ecx, cs
    mov [left_cs], rcx
    mov ecx, ss
    mov [left_ss], rcx
    jmp end_in_ring0
align 8
left_rsp: dq 0
left_flags: dq 0
left_rcx: dq 0
left_r11: dq 0
left_cs: dq 0
left_ss: dq 0

; after a case that arrived
print_arrival:
    cmp qword [left_cs], 0
    je .end
    show "cs", 4, qword [left_cs]
    show "ss", 4, qword [left_ss]
    show "rsp", 8, qword [left_rsp]
    mov rax, [left_flags]
    and eax, CONTROL_FLAGS
    show "flags", 8, rax
    newline
    mov qword [left_cs], 0
.end:
    ret

main:
    set_descriptor CODE64 + 8, 0, 0     ; SYSCALL reads no descriptor for SS
    call disabled
    mov ecx, EFER
    rdmsr
    or eax, 1
    wrmsr
    write_msr STAR, STAR_VALUE
    write_msr LSTAR, arrived
    write_msr 0xc0000083, arrived       ; CSTAR, which Intel's do not use
    write_msr SFMASK, 0
    call syscalls
    call sysrets
    call swaps
    call sysenters
    call sysexits
    ret

%macro user 2-*
    case %1
    to_user
    origin
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    end_ring
    done
    call print_arrival
%endmacro
%macro kernel 2-*
    case %1
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    done
    call print_arrival
%endmacro

disabled:
    kernel "syscall in ring 0, SCE clear", syscall
    kernel "sysret in ring 0, SCE clear", o64 sysret
    ret

%macro print_return 0
    mov rax, [left_rcx]
    sub rax, [case_start]
    show "rcx", 4, rax
    mov rax, [left_r11]
    and eax, CONTROL_FLAGS
    show "r11", 8, rax
    newline
%endmacro
syscalls:
    case "syscall"
    to_user 0x202
    origin
    syscall
    done
    call print_arrival
    print_return
    write_msr SFMASK, 0x47700
    case "syscall, SFMASK takes TF, IF, DF, AC and NT"
    to_user 0x244603
    origin
    syscall
    done
    call print_arrival
    print_return
    write_msr SFMASK, 0
    case "syscall, nothing masked"
    to_user 0x244603
    origin
    syscall
    done
    call print_arrival
    print_return
    write_msr STAR, STAR_VALUE | (3 << 32)
    case "syscall ignores the RPL in STAR"
    to_user
    syscall
    done
    call print_arrival
    write_msr STAR, STAR_VALUE
    case "syscall in ring 0"
    syscall
    done
    call print_arrival
    case "syscall in compatibility mode"
    to_compatibility
    syscall
    bits 64
    done
    mov qword [left_cs], 0
    ret

; SYSRET from ring 0 to `landing`: flags in R11
%macro sysret_case 4        ; name, instruction, R11, RCX
    say %1, ":"
    mov qword [case_start], 0
    try
    mov rsp, USER_STACK
    mov r11, %3
    mov rcx, %4
    %2
    endtry
    report
    mov rax, [trap_flags]
    and eax, CONTROL_FLAGS
    show "flags", 8, rax
    mov rax, [trap_ss]
    show "ss", 4, rax
    newline
%endmacro
sysrets:
    sysret_case "sysret to 64-bit code", o64 sysret, 0x202, landing
    sysret_case "sysret, all flags", o64 sysret, 0xffffffffff3f3ed5, landing
    sysret_case "sysret to 64-bit code, high address", o64 sysret, 2, 0xffff800000000000
    kernel "sysret, rcx not canonical", {mov rcx, NONCANONICAL}, {mov r11d, 2}, o64 sysret
    write_msr STAR, STAR_VALUE & ~(3 << 48)
    sysret_case "sysret sets the RPL", o64 sysret, 2, landing
    write_msr STAR, STAR_VALUE
    user "sysret at CPL 3", {mov ecx, landing}, o64 sysret
    user "32-bit sysret at CPL 3", {mov ecx, landing}, sysret
    ret

swaps:
    kernel "swapgs", {write_msr GS_BASE, 0x1111}, {write_msr KERNEL_GS, 0xffff888800002222}, swapgs, {mov ecx, GS_BASE}, rdmsr, {mov esi, eax}, {mov edi, edx}, {mov ecx, KERNEL_GS}, rdmsr
    show "base", 8, rdi
    show "", 8, rsi
    show "kernel", 8, rax
    newline
    kernel "fs base", {write_msr FS_BASE, SCRATCH}, {mov dword [SCRATCH + 8], 0x5555}, {mov eax, [fs:8]}
    show "value", 8, rax
    newline
    kernel "fs base and 32-bit addresses", {write_msr FS_BASE, SCRATCH}, {mov ebx, 8}, {mov eax, [fs:ebx]}
    kernel "a selector loads the base's lower half", {write_msr FS_BASE, 0x1234567800}, {mov eax, DATA}, {mov fs, eax}, {mov ecx, FS_BASE}, rdmsr
    show "base", 8, rdx
    show "", 8, rax
    newline
    kernel "a base plus an offset that is not canonical", {write_msr FS_BASE, 0x00007fffffff0000}, {mov ebx, 0x10000}, {mov eax, [fs:rbx]}
    kernel "wrmsr of a base that is not canonical", {write_msr FS_BASE, NONCANONICAL}
    write_msr FS_BASE, 0
    kernel "rdfsbase in ring 0, FSGSBASE clear", {rdfsbase rax}
    ret

sysenters:
    write_msr 0x174, 0
    write_msr 0x175, 0x59000
    write_msr 0x176, arrived
    user "sysenter, CS 0", sysenter
    write_msr 0x174, CODE64
    case "sysenter"
    to_user 0x40202
    sysenter
    done
    call print_arrival
    case "sysenter in compatibility mode"
    to_compatibility 0x202
    sysenter
    bits 64
    done
    call print_arrival
    kernel "sysenter in ring 0", sysenter
    write_msr 0x174, CODE64 | 3
    user "sysenter ignores the RPL", sysenter
    write_msr 0x174, CODE64
    kernel "rsp to be loaded not canonical", {write_msr 0x175, NONCANONICAL}
    ret

%macro sysexit_case 4       ; name, instruction, RCX, RDX
    say %1, ":"
    mov qword [case_start], 0
    try
    mov rcx, %3
    mov rdx, %4
    %2
    endtry
    report
    mov rax, [trap_ss]
    show "ss", 4, rax
    newline
%endmacro
sysexits:
    kernel "sysexit, CS 0", {write_msr 0x174, 0}, sysexit
    write_msr 0x174, CODE
    sysexit_case "sysexit to 64-bit code", o64 sysexit, USER_STACK, landing
    write_msr 0x174, CODE | 3
    sysexit_case "sysexit ignores the RPL", o64 sysexit, USER_STACK, landing
    kernel "sysexit, rdx not canonical", {mov rcx, USER_STACK}, {mov rdx, NONCANONICAL}, o64 sysexit
    kernel "sysexit, rcx not canonical", {mov rcx, NONCANONICAL}, {mov rdx, landing}, o64 sysexit
    user "sysexit at CPL 3", {mov ecx, USER_STACK}, {mov edx, landing}, o64 sysexit
    write_msr 0x174, CODE
    sysexit_case "sysexit to 32-bit code", sysexit, 0xffffffff00008000, 0xffffffff00010000
    sysret_case "sysret to 32-bit code", sysret, 0x202, 0xffffffff00010000
    kernel "sysexit, CS 3", {write_msr 0x174, 3}, sysexit
    write_msr 0x174, 3
    user "sysenter, CS 3", sysenter
    ret

    rom_end
