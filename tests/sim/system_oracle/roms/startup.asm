; INIT and start-up IPIs to a second processor: where it starts, what INIT resets and what it keeps. Its state is dumped
; by a routine in real mode at 60000h. SDM vol. 3A 8.4, 9.1 (table 9-1), 10.4.7.3, 10.6.
%include "runtime/protected.inc"

%define APIC 0xfee00000
%define ICR_LOW (APIC + 0x300)
%define ICR_HIGH (APIC + 0x310)
%define SIPI 0x4600
%define INIT 0x4500             ; level, assert
%define INIT_DEASSERT 0x8500    ; level, trigger by level

%define AP_PAGE 0x60            ; vector of the SIPI
%define AP_BASE 0x60000
%define DUMP 0x1000             ; offset of the dump there
%define OTHER_PAGE 0x62         ; another routine, which only counts

struc dump
    .eax resd 1
    .ecx resd 1
    .edx resd 1
    .ebx resd 1
    .esp resd 1
    .ebp resd 1
    .esi resd 1
    .edi resd 1
    .eflags resd 1
    .ip resd 1
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
    .xmm resd 4
    .sysenter resd 1
    .pat resd 1
    .apic_base resd 1
    .svr resd 1
    .done resd 1                ; counts the runs
    .ignored resd 1             ; counts the other routine's
    .sse resd 1                 ; set by the first processor
endstruc

; ipi LOW: to APIC ID 1, and waits until it is delivered
%macro ipi 1
    mov dword [ICR_HIGH], 1 << 24
    mov dword [ICR_LOW], %1
    call delivered
%endmacro
delivered:
    mov ecx, 100000
.wait:
    test dword [ICR_LOW], 0x1000
    loopnz .wait
    mov ecx, 20000
.pause:
    pause
    loop .pause
    ret

; Waits for the dump's counter to become EAX; prints the dump.
await:
    mov ecx, 3000000
.wait:
    cmp [AP_BASE + DUMP + dump.done], eax
    je .there
    pause
    loop .wait
    say " does not start", 10
    ret
.there:
    newline
    mov ebx, AP_BASE + DUMP
    show "eax", 8, {dword [ebx + dump.eax]}
    show "ecx", 8, {dword [ebx + dump.ecx]}
    show "ebx", 8, {dword [ebx + dump.ebx]}
    show "esp", 8, {dword [ebx + dump.esp]}
    show "ebp", 8, {dword [ebx + dump.ebp]}
    show "esi", 8, {dword [ebx + dump.esi]}
    show "edi", 8, {dword [ebx + dump.edi]}
    newline
    ; EDX: family, model and stepping, as CPUID has them
    push ebx
    mov eax, 1
    cpuid
    pop ebx
    xor eax, [ebx + dump.edx]
    and eax, 0xf0fff
    show "edx differs from CPUID in", 4, eax
    show "eflags", 8, {dword [ebx + dump.eflags]}
    show "ip", 4, {dword [ebx + dump.ip]}
    newline
    show "es", 4, {dword [ebx + dump.selectors]}
    show "cs", 4, {dword [ebx + dump.selectors + 2]}
    show "ss", 4, {dword [ebx + dump.selectors + 4]}
    show "ds", 4, {dword [ebx + dump.selectors + 6]}
    show "fs", 4, {dword [ebx + dump.selectors + 8]}
    show "gs", 4, {dword [ebx + dump.selectors + 10]}
    newline
    show "cr0", 8, {dword [ebx + dump.cr0]}
    newline
    show "cr2", 8, {dword [ebx + dump.cr2]}
    show "cr3", 8, {dword [ebx + dump.cr3]}
    show "cr4", 8, {dword [ebx + dump.cr4]}
    newline
    show "dr0", 8, {dword [ebx + dump.dr0]}
    show "dr1", 8, {dword [ebx + dump.dr0 + 4]}
    show "dr2", 8, {dword [ebx + dump.dr0 + 8]}
    show "dr3", 8, {dword [ebx + dump.dr0 + 12]}
    show "dr6", 8, {dword [ebx + dump.dr6]}
    show "dr7", 8, {dword [ebx + dump.dr7]}
    newline
    show "gdtr", 8, {dword [ebx + dump.gdtr + 2]}
    show "limit", 4, {dword [ebx + dump.gdtr]}
    show "idtr", 8, {dword [ebx + dump.idtr + 2]}
    show "limit", 4, {dword [ebx + dump.idtr]}
    newline
    show "fcw", 4, {dword [ebx + dump.fcw]}
    show "fsw", 4, {dword [ebx + dump.fsw]}
    newline
    show "xmm0", 8, {dword [ebx + dump.xmm]}
    newline
    show "sysenter_eip", 8, {dword [ebx + dump.sysenter]}
    show "pat", 8, {dword [ebx + dump.pat]}
    newline
    show "apic_base", 8, {dword [ebx + dump.apic_base]}
    show "svr", 8, {dword [ebx + dump.svr]}
    newline
    ret

main:
    ; the routines into place
    mov esi, ap_code
    mov edi, AP_BASE
    mov ecx, ap_code_end - ap_code
    rep movsb
    mov esi, other_code
    mov edi, OTHER_PAGE << 12
    mov ecx, other_code_end - other_code
    rep movsb
    mov edi, AP_BASE + DUMP
    mov ecx, dump_size / 4 + 1
    xor eax, eax
    rep stosd
    mov eax, 1
    cpuid
    shr edx, 25
    and edx, 1
    mov [AP_BASE + DUMP + dump.sse], edx
    or dword [APIC + 0xf0], 0x100
    mov eax, [APIC + 0x20]
    show "this processor's APIC", 8, eax
    mov ecx, 0x1b
    rdmsr
    and eax, 0xd00
    show "and its base", 4, eax
    newline

    say "start after reset:"
    ipi SIPI | AP_PAGE
    mov eax, 1
    call await
    say "a second SIPI does nothing:"
    ipi SIPI | OTHER_PAGE
    show "ran", 2, {dword [AP_BASE + DUMP + dump.ignored]}
    newline
    say "INIT without SIPI waits:"
    ipi INIT
    ipi INIT_DEASSERT
    show "runs", 2, {dword [AP_BASE + DUMP + dump.done]}
    newline
    say "SIPI after INIT:"
    ipi SIPI | AP_PAGE
    mov eax, 2
    call await
    say "two INITs, two SIPIs:"
    ipi INIT
    ipi INIT
    ipi SIPI | AP_PAGE
    ipi SIPI | OTHER_PAGE
    mov eax, 3
    call await
    show "the other routine ran", 2, {dword [AP_BASE + DUMP + dump.ignored]}
    newline
    say "SIPI to itself does nothing:"
    mov dword [ICR_HIGH], 0
    mov dword [ICR_LOW], SIPI | OTHER_PAGE
    call delivered
    show "ran", 2, {dword [AP_BASE + DUMP + dump.ignored]}
    newline
    ipi INIT
    ret

bits 16
other_code:
    inc dword [cs:((AP_PAGE - OTHER_PAGE) << 12) + DUMP + dump.ignored]
other_code_end:
ap_code:
    mov [cs:DUMP + dump.eax], eax
    mov [cs:DUMP + dump.ecx], ecx
    mov [cs:DUMP + dump.edx], edx
    mov [cs:DUMP + dump.ebx], ebx
    mov [cs:DUMP + dump.esp], esp
    mov [cs:DUMP + dump.ebp], ebp
    mov [cs:DUMP + dump.esi], esi
    mov [cs:DUMP + dump.edi], edi
    pushfd
    pop dword [cs:DUMP + dump.eflags]
    call .here
.here:
    pop ax
    sub ax, .here - ap_code
    movzx eax, ax
    mov [cs:DUMP + dump.ip], eax
    mov [cs:DUMP + dump.selectors], es
    mov [cs:DUMP + dump.selectors + 2], cs
    mov [cs:DUMP + dump.selectors + 4], ss
    mov [cs:DUMP + dump.selectors + 6], ds
    mov [cs:DUMP + dump.selectors + 8], fs
    mov [cs:DUMP + dump.selectors + 10], gs
    mov eax, cr0
    mov [cs:DUMP + dump.cr0], eax
    mov eax, cr2
    mov [cs:DUMP + dump.cr2], eax
    mov eax, cr3
    mov [cs:DUMP + dump.cr3], eax
    mov eax, cr4
    mov [cs:DUMP + dump.cr4], eax
%assign n 0
%rep 4
    mov eax, dr %+ n
    mov [cs:DUMP + dump.dr0 + n * 4], eax
%assign n n + 1
%endrep
    mov eax, dr6
    mov [cs:DUMP + dump.dr6], eax
    mov eax, dr7
    mov [cs:DUMP + dump.dr7], eax
    o32 sgdt [cs:DUMP + dump.gdtr]
    o32 sidt [cs:DUMP + dump.idtr]
    fnstcw [cs:DUMP + dump.fcw]
    fnstsw [cs:DUMP + dump.fsw]
    mov ecx, 0x176
    rdmsr
    mov [cs:DUMP + dump.sysenter], eax
    mov ecx, 0x277
    rdmsr
    mov [cs:DUMP + dump.pat], eax
    mov ecx, 0x1b
    rdmsr
    and eax, 0xd00
    mov [cs:DUMP + dump.apic_base], eax
    ; flat DS for the APIC: a descriptor of this routine, whose base the register keeps in real mode
    lgdt [cs:.gdtr - ap_code]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    mov bx, 8
    mov ds, bx
    and al, ~1
    mov cr0, eax
    mov eax, [dword APIC + 0xf0]
    mov [cs:DUMP + dump.svr], eax
    or dword [dword APIC + 0xf0], 0x100
    cmp dword [cs:DUMP + dump.sse], 0
    je .no_sse
    mov eax, 0x200
    mov cr4, eax
    movups [cs:DUMP + dump.xmm], xmm0
    mov dword [cs:DUMP + dump.xmm + 4], 0
    mov eax, 0x12345678
    movd xmm0, eax
.no_sse:
    ; what INIT is to find
    mov ecx, 0x176
    mov eax, 0x00abcdef
    xor edx, edx
    wrmsr
    mov ecx, 0x277
    mov eax, 0x00070106
    mov edx, 0x00070106
    wrmsr
    mov eax, cr0
    and eax, ~0x60000000
    or eax, 0x2a            ; NE, TS, MP
    mov cr0, eax
    clts
    fninit
    fldz
    fldcw [cs:.fcw - ap_code]
    mov eax, 0x11112222
    mov cr2, eax
    mov eax, 0x00033000
    mov cr3, eax
    mov eax, 0x11110000
    mov dr0, eax
    mov dr1, eax
    mov dr2, eax
    mov dr3, eax
    mov eax, 0x0000e00f
    mov dr6, eax
    mov eax, 0x00000700
    mov dr7, eax
    mov ax, 0x4321
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    lidt [cs:.gdtr - ap_code]
    mov eax, 0xa0a0a0a0
    mov ecx, eax
    mov edx, eax
    mov ebx, eax
    mov ebp, eax
    mov esi, eax
    mov edi, eax
    inc dword [cs:DUMP + dump.done]
    cli
.stop:
    hlt
    jmp .stop
.fcw: dw 0x0c7f
align 8
.gdt: dq 0, 0x00cf93000000ffff
.gdtr: dw 15
    dd AP_BASE + .gdt - ap_code
ap_code_end:
bits 32

    rom_end
