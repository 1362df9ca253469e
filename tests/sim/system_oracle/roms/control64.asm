; What 64-bit mode refuses to load into CR0, CR3, CR4, CR8, DR6, DR7 and EFER. SDM vol. 3A 2.2.1, 2.5; 4.10.1 (PCID), 9.8.5;
; vol. 3B 17.2; vol. 2 MOV.
%include "runtime/long.inc"
%include "runtime/sweep.inc"

%define EFER 0xc0000080
%define U 4                 ; of a paging-structure entry

main:
    call write_cr0
    call write_cr8
    call write_debug
    call write_efer
    call compatibility
    and byte [TABLES], ~U   ; SMEP and SMAP allow this ring no user pages
    mov rax, cr3
    mov cr3, rax
    ; these last, because not every machine comes back from them
    call write_cr4
    call write_cr3
    cr0_case "PG without PE", 0, 1
    cr0_case "PG clear in 64-bit mode", 0, 0x80000000
    ret

write_cr0:
    sweep "cr0 bits 20 to 3F", 0x20, 0x3f
    mov rbx, cr0
    or rdx, rbx
    try
    mov cr0, rdx
    noted
    mov cr0, rbx
    end_sweep
    cr0_case "NW without CD", 0x20000000, 0x40000000
    cr0_case "NW with CD", 0x60000000, 0
    mov rbx, cr0
    say "reserved bits of the lower half and ET:"
    mov eax, ebx
    or eax, 0x1ffaffc0
    and al, ~0x10
    mov cr0, rax
    mov rax, cr0
    mov cr0, rbx
    and eax, 0x1ffaffd0
    show "cr0", 8, rax
    newline
    ret

write_cr3:
    mov r9, cr3
    sweep "cr3 bits 00 to 0B", 0, 11
    or rdx, r9
    try
    mov cr3, rdx
    noted
    mov cr3, r9
    end_sweep
    mov eax, 0x80000008
    cpuid
    movzx r8d, al           ; MAXPHYADDR
    sweep "cr3 bits from MAXPHYADDR to 3C", r8d, 0x3c
    or rdx, r9
    try
    mov cr3, rdx
    noted
    mov cr3, r9
    end_sweep
    case "cr3 bit 3F without PCIDE"
    mov rax, r9
    bts rax, 63
    origin
    mov cr3, rax
    done
    mov cr3, r9
    cpuid_bit 1, 0, ECX_OUT, 17
    say "PCIDE:"
    mov rbx, cr4
    mov rdx, rbx
    bts rdx, 17
    try
    mov cr4, rdx
    endtry
    call print_as_cpuid_says
    say "PCIDE, cr3 bit 3F:"
    mov rax, r9
    bts rax, 63
    try
    mov cr3, rax
    endtry
    call print_as_cpuid_says
    show "bit 3F", 2, 0
    mov rax, cr3
    shr rax, 63
    show "reads", 2, rax
    newline
    mov cr3, r9
    mov cr4, rbx
    case "PCIDE with a PCID in cr3"
    lea rax, [r9 + 0x18]
    mov cr3, rax
    origin
    mov cr4, rdx
    done
    mov cr3, r9
    mov cr4, rbx
    ret

write_cr4:
    mov rax, cr0
    or eax, 0x10000         ; CET wants WP
    mov cr0, rax
    each_cr4_bit 0, 11
    case "cr4 bit 0C cannot change in 64-bit mode"
    mov rax, cr4
    btc rax, 12
    origin
    mov cr4, rax
    done
    each_cr4_bit 13, 31
    sweep "cr4 bits 21 to 3F", 0x21, 0x3f
    mov rbx, cr4
    or rdx, rbx
    try
    mov cr4, rdx
    noted
    mov cr4, rbx
    end_sweep
    case "PAE clear in 64-bit mode"
    mov rax, cr4
    and al, ~0x20
    origin
    mov cr4, rax
    done
    ret

write_cr8:
    sweep "cr8 bits 04 to 3F", 4, 0x3f
    try
    mov cr8, rdx
    noted
    end_sweep
    case "cr8 0F"
    mov eax, 15
    mov cr8, rax
    mov rbx, cr8
    xor eax, eax
    mov cr8, rax
    show "cr8", 16, rbx
    done
    ret

write_debug:
    sweep "dr6 bits 20 to 3F", 0x20, 0x3f
    try
    mov dr6, rdx
    noted
    end_sweep
    sweep "dr7 bits 20 to 3F", 0x20, 0x3f
    or rdx, 0x400
    try
    mov dr7, rdx
    noted
    end_sweep
    say "dr6 after zero and after ones:"
    xor eax, eax
    mov dr6, rax
    mov rax, dr6
    and eax, 0xfffef7ff     ; but RTM and BLD
    show "", 8, rax
    mov eax, -1
    mov dr6, rax
    mov rax, dr6
    show "", 8, rax
    xor eax, eax
    mov dr6, rax
    newline
    say "dr7, reserved bits:"
    mov eax, 0xd000
    mov dr7, rax
    mov rax, dr7
    show "dr7", 8, rax
    mov eax, 0x400
    mov dr7, rax
    newline
    case "an address of a breakpoint has 64 bits"
    mov rax, 0x123456789abcdef0
    mov dr3, rax
    mov rbx, dr3
    xor eax, eax
    mov dr3, rax
    show "dr3", 16, rbx
    done
    mov rbx, cr4
    case "dr5 with DE"
    mov rax, rbx
    or al, 8
    mov cr4, rax
    origin
    mov rax, dr5
    done
    and bl, ~8
    mov cr4, rbx
    case "dr4 without DE"
    mov rax, dr4
    done
    case "GD"
    mov eax, 0x2400
    mov dr7, rax
    origin
    mov rax, dr0
    done
    mov rax, dr7
    show "dr7", 8, rax
    newline
    ret

; efer_bits "name", FIRST, LAST: set one after the other
%macro efer_bits 3
    sweep %1, %2, %3
    mov ecx, EFER
    mov r8, rdx
    rdmsr
    mov r9d, eax
    mov rdx, r8
    or eax, edx
    shr rdx, 32
    try
    wrmsr
    noted
    mov eax, r9d
    xor edx, edx
    wrmsr
    end_sweep
%endmacro
%macro efer_feature 3
    say %1, ":"
    cpuid_bit 0x80000001, 0, EDX_OUT, %3
    mov ecx, EFER
    rdmsr
    mov ebx, eax
    or eax, %2
    try
    wrmsr
    endtry
    mov eax, ebx
    xor edx, edx
    wrmsr
    call print_as_cpuid_says
%endmacro
write_efer:
    efer_feature "SCE", 1, 11
    efer_feature "NXE", 0x800, 20
    efer_bits "efer bits 01 to 07", 1, 7
    efer_bits "efer bit 09", 9, 9
    efer_bits "efer bits 0C to 0F", 12, 15
    efer_bits "efer bits 10 to 3F", 16, 63
    case "LME clear with PG"
    mov ecx, EFER
    rdmsr
    and ah, ~1
    origin
    wrmsr
    done
    ret

; Ring 0 code of a compatibility segment: it may clear PG, but not while PCIDE is set.
compatibility:
    say "PG clear in compatibility mode with PCIDE:"
    cpuid_bit 1, 0, ECX_OUT, 17
    jnz .try
    say " no PCID", 10
    ret
.try:
    mov rax, cr4
    bts rax, 17
    mov cr4, rax
    try
    push CODE
    push .inside
    o64 retf
bits 32
.inside:
    mov eax, cr0
    and eax, 0x7fffffff
    mov cr0, eax
    or eax, 0x80000000      ; not reached
    mov cr0, eax
    jmp CODE64:.back
bits 64
.back:
    endtry
    outcome
    newline
    mov rax, cr4
    btr rax, 17
    mov cr4, rax
    ret

    rom_end
